// The interface through which the graph runs losses and metrics: a number per sample, from its target and prediction.
#pragma once

#include <cstddef>

namespace evenflow {

// One sample's target and prediction along the last axis. target_width is width, or 1 for class indices.
struct Row {
  const float* target;
  std::size_t target_width;
  const float* prediction;
  std::size_t width;
  const double* parameters;  // the owner's numbers (delta, label smoothing, ...)
};

struct RowFunction {
  const char* name;
  // The sample's value. With `gradient` not null also writes d value / d prediction (width floats).
  double (*evaluate)(const Row& row, float* gradient);
};

inline constexpr std::size_t kRowParameters = 4;

}  // namespace evenflow
