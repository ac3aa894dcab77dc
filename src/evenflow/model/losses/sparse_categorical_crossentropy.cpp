#include "evenflow/model/loss_function.h"

#include <cmath>

#include "evenflow/model/losses/cross_entropy.h"

namespace evenflow::losses {
namespace {

// Categorical cross-entropy of the class with the number row.target[0].
double one_hot(const Row& row, std::size_t i) {
  return row.target[0] == static_cast<float>(i) ? 1.0 : 0.0;
}

double evaluate(const Row& row, float* gradient) {
  return negative_log_likelihood(row, gradient, [&](std::size_t i) { return one_hot(row, i); });
}

double from_logits(const Row& row, float* gradient) {
  return softmax_cross_entropy(row, gradient, [&](std::size_t i) { return one_hot(row, i); });
}

constexpr RowFunction kFromLogits{"sparse_categorical_crossentropy from logits", from_logits};

}  // namespace

extern const LossFunction sparse_categorical_crossentropy;
constinit const LossFunction sparse_categorical_crossentropy{
    .id = "sparse_categorical_crossentropy",
    .class_name = "SparseCategoricalCrossentropy",
    .aliases = "",
    .target = LossFunction::Target::class_index,
    .row = {"sparse_categorical_crossentropy", evaluate},
    .from_logits = &kFromLogits,
    .fuses_with = "softmax",
};

}  // namespace evenflow::losses
