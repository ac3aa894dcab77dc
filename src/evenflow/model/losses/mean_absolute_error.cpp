#include "evenflow/model/loss_function.h"

#include <cmath>

namespace evenflow::losses {
namespace {

// mean |p - y|; slope 0 where they are equal
double evaluate(const Row& row, float* gradient) {
  const auto n = static_cast<double>(row.width);
  double sum = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double y = row.target[i];
    const double p = row.prediction[i];
    const double value = std::abs(p - y);
    const double slope = p > y ? 1 : p < y ? -1 : p - y;
    sum += value;
    if (gradient != nullptr) gradient[i] = static_cast<float>(slope / n);
  }
  return sum / n;
}

}  // namespace

extern const LossFunction mean_absolute_error;
constinit const LossFunction mean_absolute_error{
    .id = "mean_absolute_error",
    .class_name = "MeanAbsoluteError",
    .aliases = "mae MAE",
    .row = {"mean_absolute_error", evaluate},
};

}  // namespace evenflow::losses
