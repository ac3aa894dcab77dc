// Softmax and its logarithm along the last axis.
#pragma once

#include "evenflow/graph.h"

namespace evenflow::ops {

// The row's maximum is subtracted first, so nothing overflows; a NaN makes its whole row NaN.
ValueId softmax(Graph& graph, ValueId x);
ValueId log_softmax(Graph& graph, ValueId x);

}  // namespace evenflow::ops
