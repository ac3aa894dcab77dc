// Gradient accumulation: one update for the mean gradient of several steps.
#pragma once

#include <cstdint>

#include "evenflow/graph.h"

namespace evenflow::ops {

// Of every `steps` steps all but the last add the gradient to the accumulator (a parameter) and give it as it is; the
// last gives the mean of all and clears the accumulator.
ValueId accumulate(Graph& graph, ValueId gradient, ValueId accumulator, std::int64_t steps);

}  // namespace evenflow::ops
