// Sums and means over axes, and their counterpart: repetition.
#pragma once

#include <vector>

#include "evenflow/graph.h"

namespace evenflow::ops {

// Over `axes` (negative ones count from the last). keepdims: reduced axes stay with extent 1. Accumulated in float64.
ValueId reduce_sum(Graph& graph, ValueId x, std::vector<int> axes, bool keepdims = false);
ValueId reduce_mean(Graph& graph, ValueId x, std::vector<int> axes, bool keepdims = false);

// x repeated to `shape` by numpy's broadcasting rule.
ValueId broadcast_to(Graph& graph, ValueId x, Shape shape);

// x summed to `shape`, from which x's shape must come by broadcasting: the gradient of broadcasting.
ValueId sum_to(Graph& graph, ValueId x, Shape shape);

}  // namespace evenflow::ops
