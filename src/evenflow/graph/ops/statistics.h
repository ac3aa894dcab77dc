// What the probes measure. Results are float64 vectors; none of these is differentiable.
#pragma once

#include <cstddef>
#include <functional>

#include "evenflow/graph.h"
#include "evenflow/tensor/kernels/statistics.h"
#include "evenflow/tensor/kernels/unary.h"

namespace evenflow::ops {

// float64[kernels::kMomentsSize] in the order of kernels::Moments.
ValueId moments(Graph& graph, ValueId x);

// float64[2] in the order of kernels::AcrossSamples; axis 0 is the samples, the others together are the features.
ValueId across_samples(Graph& graph, ValueId x);

// Of y = f(z); axis 0 is the samples, the others together are the units. float64[kActivationStatisticsSize]. Slopes
// that are not finite are counted and left out of the sums.
struct ActivationStatistics {
  double slope_sum = 0;
  double slope_squares = 0;
  double saturated = 0;   // outputs <= below or >= above
  double dead_units = 0;  // slope exactly 0 for every sample
  double non_finite_slopes = 0;
};
inline constexpr std::size_t kActivationStatisticsSize = 5;
ValueId activation_statistics(Graph& graph, ValueId z, ValueId y, const UnaryFunction& function,
                              const UnaryParameters& parameters, double below, double above);

// float64[1]: the sum over elements of steady(|g|)^2, where steady gives the size of an optimizer's step for a gradient
// of that size. Slow: a call per element, from several threads.
ValueId effective_update(Graph& graph, ValueId gradient, std::function<double(double)> steady);

}  // namespace evenflow::ops
