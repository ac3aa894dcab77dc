// Reverse-mode differentiation: one walk back over the nodes, each operator adding the nodes of its own rule.
#include <vector>

#include "evenflow/base/text.h"
#include "evenflow/graph.h"
#include "evenflow/graph/ops/binary.h"

namespace evenflow {
namespace {

// What has arrived at each value so far. Sums are made only when a value is asked for, since most have one summand.
class Gradients {
 public:
  explicit Gradients(Graph& graph) : graph_(graph), arrived_(graph.values().size()) {}

  void arrive(ValueId value, ValueId gradient) {
    if (graph_.shape(gradient) != graph_.shape(value)) {
      fail(ErrorKind::internal, "a gradient of shape {} arrives at a value of shape {}",
           to_string(graph_.shape(gradient)), to_string(graph_.shape(value)));
    }
    arrived_[static_cast<std::size_t>(value.index)].push_back(gradient);
  }

  ValueId total(ValueId value) {
    auto& summands = arrived_[static_cast<std::size_t>(value.index)];
    while (summands.size() > 1) {
      const ValueId last = summands.back();
      summands.pop_back();
      summands.back() = ops::add(graph_, summands.back(), last);
    }
    return summands.empty() ? ValueId{} : summands.front();
  }

 private:
  Graph& graph_;
  std::vector<std::vector<ValueId>> arrived_;
};

// For each value: does it depend on one of `wrt` (or is it one)?
std::vector<char> dependents(const Graph& graph, std::span<const ValueId> wrt) {
  std::vector<char> depends(graph.values().size(), 0);
  for (const ValueId id : wrt) depends[static_cast<std::size_t>(id.index)] = 1;
  for (const Node& node : graph.nodes()) {
    bool any = false;
    for (const ValueId id : node.inputs) any = any || depends[static_cast<std::size_t>(id.index)];
    if (!any) continue;
    for (const ValueId id : node.outputs) depends[static_cast<std::size_t>(id.index)] = 1;
  }
  return depends;
}

}  // namespace

std::vector<ValueId> differentiate(Graph& graph, ValueId loss, std::span<const ValueId> wrt, ValueId cotangent) {
  const std::vector<char> depends = dependents(graph, wrt);
  const std::size_t forward_nodes = graph.nodes().size();
  Gradients gradients(graph);
  gradients.arrive(loss, cotangent ? cotangent : graph.constant(Tensor(graph.shape(loss), 1.0f)));

  for (std::size_t n = forward_nodes; n-- > 0;) {
    const Node node = graph.nodes()[n];  // a copy: adding nodes moves the originals
    std::unique_ptr<bool[]> needed(new bool[node.inputs.size()]);
    bool any_needed = false;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      needed[i] = depends[static_cast<std::size_t>(node.inputs[i].index)];
      any_needed = any_needed || needed[i];
    }
    if (!any_needed) continue;

    const Graph::Scope scope(graph, node.scope);
    std::vector<ValueId> output_gradients;
    bool any_arrived = false;
    for (const ValueId output : node.outputs) {
      output_gradients.push_back(gradients.total(output));
      any_arrived = any_arrived || output_gradients.back();
    }
    if (!any_arrived) continue;

    const std::vector<ValueId> input_gradients =
        node.op->gradient(graph, node, output_gradients, {needed.get(), node.inputs.size()});
    for (std::size_t i = 0; i < input_gradients.size(); ++i) {
      if (needed[i] && input_gradients[i]) gradients.arrive(node.inputs[i], input_gradients[i]);
    }
  }

  std::vector<ValueId> result;
  for (const ValueId id : wrt) result.push_back(gradients.total(id));
  return result;
}

}  // namespace evenflow
