#include "evenflow/model/loss_function.h"

#include <cmath>

#include "evenflow/model/losses/cross_entropy.h"

namespace evenflow::losses {
namespace {

// -sum y' log(p / sum p), y' = y (1 - s) + s / C, the normalized p clipped to [1e-7, 1 - 1e-7]
double evaluate(const Row& row, float* gradient) {
  const double smoothing = row.parameters[0];
  const double share = smoothing / static_cast<double>(row.width);
  return negative_log_likelihood(row, gradient, [&](std::size_t i) { return row.target[i] * (1 - smoothing) + share; });
}

// -sum y' log_softmax(z), slope softmax(z) sum y' - y'.
double from_logits(const Row& row, float* gradient) {
  const double smoothing = row.parameters[0];
  const double share = smoothing / static_cast<double>(row.width);
  return softmax_cross_entropy(row, gradient, [&](std::size_t i) { return row.target[i] * (1 - smoothing) + share; });
}

constexpr RowFunction kFromLogits{"categorical_crossentropy from logits", from_logits};

}  // namespace

extern const LossFunction categorical_crossentropy;
constinit const LossFunction categorical_crossentropy{
    .id = "categorical_crossentropy",
    .class_name = "CategoricalCrossentropy",
    .aliases = "cce",
    .parameters = R"({"label_smoothing": 0.0})",
    .row = {"categorical_crossentropy", evaluate},
    .from_logits = &kFromLogits,
    .fuses_with = "softmax",
};

}  // namespace evenflow::losses
