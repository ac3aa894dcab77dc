#include "evenflow/model/loss_function.h"

#include <cmath>

#include "evenflow/model/losses/cross_entropy.h"

namespace evenflow::losses {
namespace {

// mean of -(y' log p + (1 - y') log(1 - p)), y' = y (1 - s) + s / 2, p clipped to [1e-7, 1 - 1e-7]
double evaluate(const Row& row, float* gradient) {
  const double smoothing = row.parameters[0];
  const auto n = static_cast<double>(row.width);
  double sum = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double y = row.target[i] * (1 - smoothing) + 0.5 * smoothing;
    const ClippedProbability p(row.prediction[i]);
    sum -= y * std::log(p.value) + (1 - y) * std::log1p(-p.value);
    if (gradient != nullptr)
      gradient[i] = p.clipped ? 0.0f : static_cast<float>((p.value - y) / (p.value * (1 - p.value)) / n);
  }
  return sum / n;
}

// The same from logits: max(z, 0) - z y' + log(1 + e^-|z|), slope sigmoid(z) - y'.
double from_logits(const Row& row, float* gradient) {
  const double smoothing = row.parameters[0];
  const auto n = static_cast<double>(row.width);
  double sum = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double y = row.target[i] * (1 - smoothing) + 0.5 * smoothing;
    const double z = row.prediction[i];
    const double e = std::exp(-std::abs(z));
    sum += (z > 0 ? z : 0.0) - z * y + std::log1p(e) + (std::isnan(z) ? z : 0.0);
    if (gradient != nullptr) gradient[i] = static_cast<float>(((z < 0 ? e : 1.0) / (1 + e) - y) / n);
  }
  return sum / n;
}

constexpr RowFunction kFromLogits{"binary_crossentropy from logits", from_logits};

}  // namespace

extern const LossFunction binary_crossentropy;
constinit const LossFunction binary_crossentropy{
    .id = "binary_crossentropy",
    .class_name = "BinaryCrossentropy",
    .aliases = "bce BCE",
    .parameters = R"({"label_smoothing": 0.0})",
    .row = {"binary_crossentropy", evaluate},
    .from_logits = &kFromLogits,
    .fuses_with = "sigmoid",
};

}  // namespace evenflow::losses
