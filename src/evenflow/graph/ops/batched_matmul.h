// Many matrix products of one shape: attention's scores and their use.
#pragma once

#include "evenflow/graph.h"
#include "evenflow/graph/ops/matmul.h"

namespace evenflow::ops {

// a (..., m, k) times b (..., k, n) gives (..., m, n), for each element of the leading axes, which are equal.
// transpose_a: a is (..., k, m). transpose_b: b is (..., n, k).
ValueId batched_matmul(Graph& graph, ValueId a, ValueId b, const MatmulOptions& options = {});

}  // namespace evenflow::ops
