#include "evenflow/model/loss_function.h"

#include <cmath>

namespace evenflow::losses {
namespace {

// mean of d^2/2 where |d| <= delta, delta |d| - delta^2/2 beyond
double evaluate(const Row& row, float* gradient) {
  const auto n = static_cast<double>(row.width);
  double sum = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double y = row.target[i];
    const double p = row.prediction[i];
    const double delta = row.parameters[0];
    const double d = p - y;
    const bool near = std::abs(d) <= delta;
    const double value = near ? d * d / 2 : delta * std::abs(d) - delta * delta / 2;
    const double slope = near ? d : std::copysign(delta, d);
    sum += value;
    if (gradient != nullptr) gradient[i] = static_cast<float>(slope / n);
  }
  return sum / n;
}

}  // namespace

extern const LossFunction huber;
constinit const LossFunction huber{
    .id = "huber",
    .class_name = "Huber",
    .aliases = "huber_loss",
    .parameters = R"({"delta": 1.0})",
    .row = {"huber", evaluate},
};

}  // namespace evenflow::losses
