#include "evenflow/model/loss_function.h"

#include <cmath>

namespace evenflow::losses {
namespace {

// mean (p - y)^2
double evaluate(const Row& row, float* gradient) {
  const auto n = static_cast<double>(row.width);
  double sum = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double y = row.target[i];
    const double p = row.prediction[i];
    const double value = (p - y) * (p - y);
    const double slope = 2 * (p - y);
    sum += value;
    if (gradient != nullptr) gradient[i] = static_cast<float>(slope / n);
  }
  return sum / n;
}

}  // namespace

extern const LossFunction mean_squared_error;
constinit const LossFunction mean_squared_error{
    .id = "mean_squared_error",
    .class_name = "MeanSquaredError",
    .aliases = "mse MSE",
    .row = {"mean_squared_error", evaluate},
};

}  // namespace evenflow::losses
