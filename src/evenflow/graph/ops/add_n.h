// The sum of any number of values of one shape.
#pragma once

#include <span>
#include <vector>

#include "evenflow/graph.h"

namespace evenflow::ops {

// At least one value; one gives itself.
ValueId add_n(Graph& graph, std::vector<ValueId> values);

}  // namespace evenflow::ops
