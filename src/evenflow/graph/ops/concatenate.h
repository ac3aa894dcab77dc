// Values laid one after the other along an axis.
#pragma once

#include <vector>

#include "evenflow/graph.h"

namespace evenflow::ops {

// All axes but `axis` must agree. At least one value; one gives itself.
ValueId concatenate(Graph& graph, std::vector<ValueId> values, int axis);

}  // namespace evenflow::ops
