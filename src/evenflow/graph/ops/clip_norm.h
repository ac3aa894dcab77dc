// Norms of gradients and the factors that clipping by norm multiplies them by, as in Keras.
#pragma once

#include <vector>

#include "evenflow/graph.h"

namespace evenflow::ops {

// float32 scalar c / max(n, c) with n the gradient's norm and c the threshold: 1 for n = 0, 0 for infinite n, NaN for
// NaN.
ValueId norm_scale(Graph& graph, ValueId gradient, double threshold);

// float64 scalar: the norm of all gradients together, accumulated in float64 and so free of overflow.
ValueId global_norm(Graph& graph, std::vector<ValueId> gradients);

// float32 scalar c min(1 / n, 1 / c) of a global norm: 1 for n = 0, NaN for n that is not finite.
ValueId global_norm_scale(Graph& graph, ValueId norm, double threshold);

}  // namespace evenflow::ops
