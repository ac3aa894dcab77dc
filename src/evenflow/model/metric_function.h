// Registry of metrics: one file each in model/metrics. Every loss is a metric too, under its own name.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "evenflow/graph/row_function.h"
#include "evenflow/model.h"
#include "evenflow/tensor.h"

namespace evenflow {

struct MetricFunction {
  std::string_view id;  // Keras's function name, "categorical_accuracy"; equals the file's stem
  std::string_view class_name;
  std::string_view aliases;
  bool higher_is_better = false;
  RowFunction row;    // the metric is the mean over samples
  bool root = false;  // the square root of that mean (root_mean_squared_error)
};

std::span<const MetricFunction* const> all_metrics();

struct MetricChoice {
  std::string_view id;
  const RowFunction* row = nullptr;  // of the registry: it outlives every program
  std::array<double, kRowParameters> parameters{};
  bool root = false;
  bool higher_is_better = false;
};

// What "accuracy", "acc", "crossentropy", "ce" or a metric's or loss's own name means for a model with this output,
// target and loss: by shapes alone in Keras 3, by the loss as well in Keras 2 (spec D.5). Shapes include the batch.
MetricChoice choose_metric(const Item& metric, const Shape& target, const Shape& output, const Item& loss,
                           int keras_major);

}  // namespace evenflow
