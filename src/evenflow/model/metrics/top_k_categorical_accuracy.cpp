#include "evenflow/model/metric_function.h"

#include <algorithm>

namespace evenflow::metrics {
namespace {

// Is the target's class among the five largest outputs? (Keras's default k.)
double evaluate(const Row& row, float*) {
  const auto target = static_cast<std::size_t>(std::max_element(row.target, row.target + row.width) - row.target);
  const auto larger =
      std::count_if(row.prediction, row.prediction + row.width, [&](float p) { return p > row.prediction[target]; });
  return larger < 5 ? 1 : 0;
}

}  // namespace

extern const MetricFunction top_k_categorical_accuracy;
constinit const MetricFunction top_k_categorical_accuracy{
    .id = "top_k_categorical_accuracy",
    .class_name = "TopKCategoricalAccuracy",
    .aliases = "",
    .higher_is_better = true,
    .row = {"top_k_categorical_accuracy", evaluate},
};

}  // namespace evenflow::metrics
