#include "evenflow/model/loss_function.h"

#include <algorithm>
#include <cmath>

namespace evenflow::losses {
namespace {

// (1 - p^q) / q with p the probability of the class with the number row.target[0]; Z. Zhang, M. Sabuncu, NeurIPS 2018
double evaluate(const Row& row, float* gradient) {
  const double q = row.parameters[0];
  const auto one = static_cast<std::size_t>(std::max(0.0f, row.target[0]));
  const double p = one < row.width ? static_cast<double>(row.prediction[one]) : 0.0;
  if (gradient != nullptr) {
    std::fill_n(gradient, row.width, 0.0f);
    // Keras's slope is infinite for p = 0; here it is that of the smallest probability that it knows.
    if (one < row.width) gradient[one] = static_cast<float>(-std::pow(std::max(p, 1e-7), q - 1));
  }
  return (1 - std::pow(p, q)) / q;
}

}  // namespace

extern const LossFunction categorical_generalized_cross_entropy;
constinit const LossFunction categorical_generalized_cross_entropy{
    .id = "categorical_generalized_cross_entropy",
    .class_name = "CategoricalGeneralizedCrossEntropy",
    .aliases = "",
    .parameters = R"({"q": 0.5})",
    .target = LossFunction::Target::class_index,
    .row = {"categorical_generalized_cross_entropy", evaluate},
};

}  // namespace evenflow::losses
