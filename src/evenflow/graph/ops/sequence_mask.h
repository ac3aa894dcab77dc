// Which steps of a sequence are real and which are padding.
#pragma once

#include "evenflow/graph.h"

namespace evenflow::ops {

// x (..., features) gives (...): 1 where any feature differs from `value`, else 0. No gradient.
ValueId sequence_mask(Graph& graph, ValueId x, float value);

}  // namespace evenflow::ops
