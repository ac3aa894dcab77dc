// Regularization of weights.
#pragma once

#include "evenflow/graph.h"

namespace evenflow::ops {

// l1 * sum |w| + l2 * sum w^2, a scalar.
ValueId penalty(Graph& graph, ValueId w, double l1, double l2);

}  // namespace evenflow::ops
