// What a training step with full statistics tells of a layer's output. Not differentiable.
#pragma once

#include <cstddef>
#include <limits>

#include "evenflow/graph.h"
#include "evenflow/tensor/kernels/unary.h"

namespace evenflow::ops {

// Axis 0 is the samples, the others together are the units.
struct LayerStatistics {
  double count = 0;    // elements
  double squares = 0;  // sum over the finite elements
  double variance = 0;
  double cosine = 0;
  double non_finite = 0;
  // Of the activation's slopes; all zero without an activation.
  double slope_sum = 0;
  double slope_squares = 0;
  double saturated = 0;
  double dead_units = 0;
};
inline constexpr std::size_t kLayerStatisticsSize = 9;

// How the output came to be from a pre-activation.
struct SlopeOf {
  const UnaryFunction* function = nullptr;  // null: no activation
  UnaryParameters parameters{};
  double below = -std::numeric_limits<double>::infinity();  // bounds of saturation
  double above = std::numeric_limits<double>::infinity();
};

// float64[kLayerStatisticsSize] in the order of LayerStatistics. z is the pre-activation: needed only for functions
// whose slope reads it.
ValueId layer_statistics(Graph& graph, ValueId output, ValueId z, const SlopeOf& slope);

}  // namespace evenflow::ops
