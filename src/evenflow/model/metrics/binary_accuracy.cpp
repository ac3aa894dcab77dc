#include "evenflow/model/metric_function.h"

namespace evenflow::metrics {
namespace {

// The fraction of outputs that are on their target's side of one half.
double evaluate(const Row& row, float*) {
  double right = 0;
  for (std::size_t i = 0; i < row.width; ++i)
    right += (row.prediction[i] > 0.5f ? 1.0f : 0.0f) == row.target[i] ? 1 : 0;
  return right / static_cast<double>(row.width);
}

}  // namespace

extern const MetricFunction binary_accuracy;
constinit const MetricFunction binary_accuracy{
    .id = "binary_accuracy",
    .class_name = "BinaryAccuracy",
    .aliases = "",
    .higher_is_better = true,
    .row = {"binary_accuracy", evaluate},
};

}  // namespace evenflow::metrics
