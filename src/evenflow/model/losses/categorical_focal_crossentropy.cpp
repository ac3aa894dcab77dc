#include "evenflow/model/loss_function.h"

#include <cmath>

#include "evenflow/model/losses/cross_entropy.h"

namespace evenflow::losses {
namespace {

// sum of alpha (1 - q)^gamma (-y log q), q = p / sum p clipped; T.-Y. Lin et al., ICCV 2017
double evaluate(const Row& row, float* gradient) {
  const double alpha = row.parameters[0];
  const double gamma = row.parameters[1];
  const double smoothing = row.parameters[2];
  const double share = smoothing / static_cast<double>(row.width);
  double total = 0;
  for (std::size_t i = 0; i < row.width; ++i) total += row.prediction[i];
  const auto slope = [&](double y, double q) {
    return alpha * y * (gamma * std::pow(1 - q, gamma - 1) * std::log(q) - std::pow(1 - q, gamma) / q);
  };
  double value = 0;
  double weighted = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double y = row.target[i] * (1 - smoothing) + share;
    const ClippedProbability q(row.prediction[i] / total);
    value -= alpha * std::pow(1 - q.value, gamma) * y * std::log(q.value);
    if (!q.clipped) weighted += slope(y, q.value) * q.value;
  }
  if (gradient != nullptr) {
    for (std::size_t i = 0; i < row.width; ++i) {
      const double y = row.target[i] * (1 - smoothing) + share;
      const ClippedProbability q(row.prediction[i] / total);
      gradient[i] = static_cast<float>(((q.clipped ? 0.0 : slope(y, q.value)) - weighted) / total);
    }
  }
  return value;
}

}  // namespace

extern const LossFunction categorical_focal_crossentropy;
constinit const LossFunction categorical_focal_crossentropy{
    .id = "categorical_focal_crossentropy",
    .class_name = "CategoricalFocalCrossentropy",
    .aliases = "",
    .parameters = R"({"alpha": 0.25, "gamma": 2.0, "label_smoothing": 0.0})",
    .row = {"categorical_focal_crossentropy", evaluate},
};

}  // namespace evenflow::losses
