// Where each computed value lives in the program's one block of memory.
#pragma once

#include <cstddef>
#include <vector>

#include "evenflow/graph.h"

namespace evenflow {

struct MemoryPlan {
  static constexpr std::size_t kNoPlace = static_cast<std::size_t>(-1);
  // By value index: offset in bytes for inputs and computed values (views and in-place results share their source's),
  // kNoPlace for parameters and constants.
  std::vector<std::size_t> offsets;
  std::size_t bytes = 0;  // of the whole block, scratch included
  std::size_t scratch_offset = 0;
};

// Values whose lifetimes do not meet share memory, if `reuse`. Inputs and outputs of the graph keep theirs for good.
MemoryPlan plan_memory(const Graph& graph, bool reuse);

}  // namespace evenflow
