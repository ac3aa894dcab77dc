// The identity with a gradient that is multiplied on its way back: lets a probe measure gradients of sizes that
// float32 does not have.
#pragma once

#include "evenflow/graph.h"

namespace evenflow::ops {

// y = x; dL/dx = factor * dL/dy. factor is a scalar that no gradient flows to.
ValueId gradient_scale(Graph& graph, ValueId x, ValueId factor);

}  // namespace evenflow::ops
