// Permutation of axes.
#pragma once

#include <span>
#include <vector>

#include "evenflow/graph.h"

namespace evenflow::ops {

// Axis i of the result is axis permutation[i] of x.
ValueId transpose(Graph& graph, ValueId x, std::vector<int> permutation);

}  // namespace evenflow::ops
