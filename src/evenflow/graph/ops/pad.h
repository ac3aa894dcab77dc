// Zeros around a value.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "evenflow/graph.h"

namespace evenflow::ops {

// pads[i] zeros {before, after} along axis i, one pair per axis.
ValueId pad(Graph& graph, ValueId x, std::vector<std::pair<std::int64_t, std::int64_t>> pads);

// x (batch, height, width, channels); pads top, bottom, left, right.
ValueId pad2d(Graph& graph, ValueId x, const std::array<std::int64_t, 4>& pads);

}  // namespace evenflow::ops
