#include "evenflow/model/loss_function.h"

#include <algorithm>
#include <cmath>

namespace evenflow::losses {
namespace {

// mean (log(1 + max(p, 1e-7)) - log(1 + max(y, 1e-7)))^2
double evaluate(const Row& row, float* gradient) {
  const auto n = static_cast<double>(row.width);
  double sum = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double y = row.target[i];
    const double p = row.prediction[i];
    const double d = std::log1p(std::max(p, 1e-7)) - std::log1p(std::max(y, 1e-7));
    const double value = d * d;
    const double slope = p >= 1e-7 ? 2 * d / (1 + p) : 0;
    sum += value;
    if (gradient != nullptr) gradient[i] = static_cast<float>(slope / n);
  }
  return sum / n;
}

}  // namespace

extern const LossFunction mean_squared_logarithmic_error;
constinit const LossFunction mean_squared_logarithmic_error{
    .id = "mean_squared_logarithmic_error",
    .class_name = "MeanSquaredLogarithmicError",
    .aliases = "msle MSLE",
    .row = {"mean_squared_logarithmic_error", evaluate},
};

}  // namespace evenflow::losses
