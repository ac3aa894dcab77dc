// The same elements under another shape.
#pragma once

#include "evenflow/graph.h"

namespace evenflow::ops {

// A view: no work, no memory. The same shape gives x itself.
ValueId reshape(Graph& graph, ValueId x, const Shape& shape);

}  // namespace evenflow::ops
