// What happens to a graph between its construction and its binding. Each pass maps a well-formed graph to a
// well-formed graph that computes the same outputs.
#pragma once

#include <vector>

#include "evenflow/graph.h"

namespace evenflow::passes {

// Removes nodes whose results nobody reads and that mutate nothing.
void remove_dead_nodes(Graph& graph);

// (matmul or conv2d) -> add bias -> activation becomes one node, where nobody else reads what lies between.
void fuse_epilogues(Graph& graph);

// Chains of element-wise nodes become one node that makes a single pass over the memory.
void fuse_elementwise(Graph& graph);

// Moves nodes that mutate parameters, and those that nothing in the step waits for (statistics), to the earliest place:
// after all that they and others read. A gradient is then consumed while it is still in the cache, and its memory is
// free for the next one.
void hoist_consumers(Graph& graph);

// How many nodes read each value; graph outputs count once.
std::vector<int> count_readers(const Graph& graph);

}  // namespace evenflow::passes
