#include "evenflow/model/metric_function.h"

namespace evenflow::metrics {
namespace {

double evaluate(const Row& row, float*) {
  double sum = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double d = static_cast<double>(row.prediction[i]) - row.target[i];
    sum += d * d;
  }
  return sum / static_cast<double>(row.width);
}

}  // namespace

extern const MetricFunction root_mean_squared_error;
constinit const MetricFunction root_mean_squared_error{
    .id = "root_mean_squared_error",
    .class_name = "RootMeanSquaredError",
    .aliases = "rmse RMSE",
    .row = {"root_mean_squared_error", evaluate},
    .root = true,
};

}  // namespace evenflow::metrics
