#include "evenflow/model/loss_function.h"

#include <cmath>

namespace evenflow::losses {
namespace {

// mean log cosh(d) = d + softplus(-2d) - log 2, written so that it cannot overflow
double evaluate(const Row& row, float* gradient) {
  const auto n = static_cast<double>(row.width);
  double sum = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double y = row.target[i];
    const double p = row.prediction[i];
    const double d = p - y;
    const double value = std::abs(d) + std::log1p(std::exp(-2 * std::abs(d))) - 0.6931471805599453;
    const double slope = std::tanh(d);
    sum += value;
    if (gradient != nullptr) gradient[i] = static_cast<float>(slope / n);
  }
  return sum / n;
}

}  // namespace

extern const LossFunction log_cosh;
constinit const LossFunction log_cosh{
    .id = "log_cosh",
    .class_name = "LogCosh",
    .aliases = "logcosh",
    .row = {"log_cosh", evaluate},
};

}  // namespace evenflow::losses
