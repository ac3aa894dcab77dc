// Statistics that are carried from step to step.
#pragma once

#include "evenflow/graph.h"

namespace evenflow::ops {

// Writes to the parameter: moving = moving * momentum + value * (1 - momentum).
void moving_average(Graph& graph, ValueId moving, ValueId value, float momentum);

}  // namespace evenflow::ops
