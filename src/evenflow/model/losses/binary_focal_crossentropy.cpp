#include "evenflow/model/loss_function.h"

#include <cmath>

#include "evenflow/model/losses/cross_entropy.h"

namespace evenflow::losses {
namespace {

// mean of (1 - p_t)^gamma times the binary cross-entropy, p_t the probability given to the truth; T.-Y. Lin et al.,
// ICCV 2017
double evaluate(const Row& row, float* gradient) {
  const double alpha = row.parameters[0];
  const double gamma = row.parameters[1];
  const bool balance = row.parameters[2] != 0;
  const double smoothing = row.parameters[3];
  const auto n = static_cast<double>(row.width);
  double sum = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double y = row.target[i] * (1 - smoothing) + 0.5 * smoothing;
    const ClippedProbability p(row.prediction[i]);
    const double truth = y * p.value + (1 - y) * (1 - p.value);
    const double entropy = -(y * std::log(p.value) + (1 - y) * std::log1p(-p.value));
    const double weight = balance ? y * alpha + (1 - y) * (1 - alpha) : 1;
    const double focus = std::pow(1 - truth, gamma);
    sum += weight * focus * entropy;
    if (gradient == nullptr) continue;
    const double focus_slope = -gamma * std::pow(1 - truth, gamma - 1) * (2 * y - 1);
    const double entropy_slope = (p.value - y) / (p.value * (1 - p.value));
    gradient[i] = p.clipped ? 0.0f : static_cast<float>(weight * (focus_slope * entropy + focus * entropy_slope) / n);
  }
  return sum / n;
}

}  // namespace

extern const LossFunction binary_focal_crossentropy;
constinit const LossFunction binary_focal_crossentropy{
    .id = "binary_focal_crossentropy",
    .class_name = "BinaryFocalCrossentropy",
    .aliases = "",
    .parameters = R"({"alpha": 0.25, "gamma": 2.0, "apply_class_balancing": false, "label_smoothing": 0.0})",
    .row = {"binary_focal_crossentropy", evaluate},
};

}  // namespace evenflow::losses
