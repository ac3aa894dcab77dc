#include "evenflow/graph/passes.h"

#include <algorithm>
#include <utility>

namespace evenflow::passes {

std::vector<int> count_readers(const Graph& graph) {
  std::vector<int> readers(graph.values().size(), 0);
  for (const Node& node : graph.nodes()) {
    for (const ValueId id : node.inputs) ++readers[static_cast<std::size_t>(id.index)];
  }
  for (const auto& [name, id] : graph.outputs()) ++readers[static_cast<std::size_t>(id.index)];
  return readers;
}

void remove_dead_nodes(Graph& graph) {
  std::vector<char> wanted(graph.values().size(), 0);
  for (const auto& [name, id] : graph.outputs()) wanted[static_cast<std::size_t>(id.index)] = 1;

  std::vector<Node> kept;
  for (std::size_t n = graph.nodes().size(); n-- > 0;) {
    const Node& node = graph.nodes()[n];
    const bool alive = !node.op->mutated_inputs().empty() ||
                       std::any_of(node.outputs.begin(), node.outputs.end(),
                                   [&](ValueId id) { return wanted[static_cast<std::size_t>(id.index)] != 0; });
    if (!alive) continue;
    for (const ValueId id : node.inputs) wanted[static_cast<std::size_t>(id.index)] = 1;
    kept.push_back(node);
  }
  std::reverse(kept.begin(), kept.end());
  graph.replace_nodes(std::move(kept));
}

namespace {

// A node whose results are only read after the step, like those of statistics. One that reads a parameter is none: it
// must see the value before or after the update as it was asked.
bool is_leaf(const Graph& graph, const Node& node, const std::vector<int>& readers_in_graph) {
  return std::all_of(node.outputs.begin(), node.outputs.end(),
                     [&](ValueId id) { return readers_in_graph[static_cast<std::size_t>(id.index)] == 0; }) &&
         std::none_of(node.inputs.begin(), node.inputs.end(),
                      [&](ValueId id) { return graph.value(id).role == Value::Role::parameter; });
}

}  // namespace

void hoist_consumers(Graph& graph) {
  const std::span<const Node> nodes = graph.nodes();
  // Readers of each value that have not been placed yet.
  std::vector<int> pending(graph.values().size(), 0);
  for (const Node& node : nodes) {
    for (const ValueId id : node.inputs) ++pending[static_cast<std::size_t>(id.index)];
  }
  std::vector<char> early(nodes.size(), 0);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    early[n] = !nodes[n].op->mutated_inputs().empty() || is_leaf(graph, nodes[n], pending);
  }
  std::vector<char> computed(graph.values().size(), 0);
  for (std::size_t i = 0; i < computed.size(); ++i) computed[i] = graph.values()[i].role != Value::Role::computed;

  std::vector<std::size_t> waiting;  // in their order
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    if (early[n]) waiting.push_back(n);
  }
  std::vector<Node> order;
  const auto place = [&](const Node& node) {
    for (const ValueId id : node.inputs) --pending[static_cast<std::size_t>(id.index)];
    for (const ValueId id : node.outputs) computed[static_cast<std::size_t>(id.index)] = 1;
    order.push_back(node);
  };
  const auto ready = [&](const Node& node) {
    const auto input_computed = [&](ValueId id) { return computed[static_cast<std::size_t>(id.index)] != 0; };
    if (!std::all_of(node.inputs.begin(), node.inputs.end(), input_computed)) return false;
    const std::span<const int> mutated = node.op->mutated_inputs();
    return std::all_of(mutated.begin(), mutated.end(), [&](int input) {
      return pending[static_cast<std::size_t>(node.inputs[static_cast<std::size_t>(input)].index)] == 1;
    });
  };
  // At the latest a node stays where it stood: what comes after it there is meant to see its change.
  std::size_t next_waiting = 0;
  const auto place_ready = [&] {
    for (std::size_t i = next_waiting; i < waiting.size(); ++i) {
      if (waiting[i] == nodes.size() || !ready(nodes[waiting[i]])) continue;
      place(nodes[waiting[i]]);
      waiting[i] = nodes.size();
    }
    while (next_waiting < waiting.size() && waiting[next_waiting] == nodes.size()) ++next_waiting;
  };
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    if (!early[n]) {
      place(nodes[n]);
    } else if (const auto it = std::find(waiting.begin(), waiting.end(), n); it != waiting.end()) {
      place(nodes[n]);
      *it = nodes.size();
    }
    place_ready();
  }
  graph.replace_nodes(std::move(order));
}

}  // namespace evenflow::passes
