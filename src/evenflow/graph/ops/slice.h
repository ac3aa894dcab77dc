// A range of one axis.
#pragma once

#include <cstdint>

#include "evenflow/graph.h"

namespace evenflow::ops {

// Elements [begin, end) of `axis`; the whole axis gives x itself.
ValueId slice(Graph& graph, ValueId x, int axis, std::int64_t begin, std::int64_t end);

}  // namespace evenflow::ops
