// The same elements under another shape.
#pragma once

#include "evenflow/graph.h"

namespace evenflow::ops {

// A view: no work, no memory. The same shape gives x itself. By value: a reference into the graph would not survive the
// nodes that are added.
ValueId reshape(Graph& graph, ValueId x, Shape shape);

}  // namespace evenflow::ops
