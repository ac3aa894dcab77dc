#include "evenflow/model/metric_function.h"

#include <algorithm>

namespace evenflow::metrics {
namespace {

// The first of the largest, as numpy's argmax.
std::size_t argmax(const float* x, std::size_t count) {
  return static_cast<std::size_t>(std::max_element(x, x + count) - x);
}

double evaluate(const Row& row, float*) {
  return static_cast<float>(argmax(row.prediction, row.width)) == row.target[0] ? 1 : 0;
}

}  // namespace

extern const MetricFunction sparse_categorical_accuracy;
constinit const MetricFunction sparse_categorical_accuracy{
    .id = "sparse_categorical_accuracy",
    .class_name = "SparseCategoricalAccuracy",
    .aliases = "",
    .higher_is_better = true,
    .row = {"sparse_categorical_accuracy", evaluate},
};

}  // namespace evenflow::metrics
