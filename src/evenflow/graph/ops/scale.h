// Multiplication by a number that is known when the graph is built.
#pragma once

#include "evenflow/graph.h"

namespace evenflow::ops {

// y = factor * x; factor 1 gives x itself.
ValueId scale(Graph& graph, ValueId x, float factor);
inline ValueId negate(Graph& graph, ValueId x) {
  return scale(graph, x, -1.0f);
}

}  // namespace evenflow::ops
