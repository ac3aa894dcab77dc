// The inverse of the square root: what normalizations divide by.
#pragma once

#include "evenflow/graph.h"

namespace evenflow::ops {

// y = 1 / sqrt(x + epsilon).
ValueId inverse_root(Graph& graph, ValueId x, float epsilon = 0.0f);

}  // namespace evenflow::ops
