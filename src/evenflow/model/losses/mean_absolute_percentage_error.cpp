#include "evenflow/model/loss_function.h"

#include <algorithm>
#include <cmath>

namespace evenflow::losses {
namespace {

// 100 mean |y - p| / max(|y|, 1e-7)
double evaluate(const Row& row, float* gradient) {
  const auto n = static_cast<double>(row.width);
  double sum = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double y = row.target[i];
    const double p = row.prediction[i];
    const double scale = 100 / std::max(std::abs(y), 1e-7);
    const double value = scale * std::abs(p - y);
    const double slope = p > y ? scale : p < y ? -scale : 0;
    sum += value;
    if (gradient != nullptr) gradient[i] = static_cast<float>(slope / n);
  }
  return sum / n;
}

}  // namespace

extern const LossFunction mean_absolute_percentage_error;
constinit const LossFunction mean_absolute_percentage_error{
    .id = "mean_absolute_percentage_error",
    .class_name = "MeanAbsolutePercentageError",
    .aliases = "mape MAPE",
    .row = {"mean_absolute_percentage_error", evaluate},
};

}  // namespace evenflow::losses
