// An axis from its end to its beginning.
#pragma once

#include "evenflow/graph.h"

namespace evenflow::ops {

ValueId reverse(Graph& graph, ValueId x, int axis);

}  // namespace evenflow::ops
