#include "evenflow/model/metric_function.h"

#include <algorithm>

namespace evenflow::metrics {
namespace {

// The first of the largest, as numpy's argmax.
std::size_t argmax(const float* x, std::size_t count) {
  return static_cast<std::size_t>(std::max_element(x, x + count) - x);
}

double evaluate(const Row& row, float*) {
  return argmax(row.prediction, row.width) == argmax(row.target, row.width) ? 1 : 0;
}

}  // namespace

extern const MetricFunction categorical_accuracy;
constinit const MetricFunction categorical_accuracy{
    .id = "categorical_accuracy",
    .class_name = "CategoricalAccuracy",
    .aliases = "",
    .higher_is_better = true,
    .row = {"categorical_accuracy", evaluate},
};

}  // namespace evenflow::metrics
