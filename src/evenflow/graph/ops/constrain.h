// Constraints of weights, applied in place after an update (Keras's constraints).
#pragma once

#include <vector>

#include "evenflow/graph.h"

namespace evenflow::ops {

// The weights' norms n over `axes` become rate * clip(n, minimum, maximum) + (1 - rate) * n.
struct NormBounds {
  double minimum = 0;
  double maximum = 1;
  double rate = 1;
  std::vector<int> axes = {0};  // negative ones count from the last
};
void bound_norms(Graph& graph, ValueId weights, const NormBounds& bounds);

// Negative weights become 0.
void clear_negative(Graph& graph, ValueId weights);

}  // namespace evenflow::ops
