#include "evenflow/model/lowering.h"

#include <utility>

#include "evenflow/model/connections.h"
#include "evenflow/model/layer_builder.h"

namespace evenflow {

Lowered lower(const Model& model, const LoweringOptions& options) {
  const std::vector<std::vector<std::size_t>> sources = connections(model);
  Lowered lowered;
  Graph& graph = lowered.graph;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const Layer& layer = model.layers[i];
    std::vector<ValueId> inputs;
    for (const std::size_t source : sources[i]) inputs.push_back(lowered.layers[source].output);
    if (layer.type == "InputLayer") {
      lowered.input = graph.input("x", concatenate(Shape{options.batch}, sample_shape(layer)));
      inputs = {lowered.input};
    }
    GraphLayerBuilder builder(graph, model, layer, std::move(inputs), options.training);
    LoweredLayer& built = lowered.layers.emplace_back(builder.build());
    lowered.parameters.insert(lowered.parameters.end(), built.parameters.begin(), built.parameters.end());
    if (layer.name == model.outputs.front()) {
      lowered.output = built.output;
      const std::string_view activation = built.activation.name;
      if (activation == "softmax" || activation == "sigmoid") lowered.logits = builder.activation_input();
    } else if (options.tap) {
      const Graph::Scope scope(graph, layer.name);
      built.output = options.tap(graph, i, built.output);
    }
  }
  graph.output("prediction", lowered.output);
  return lowered;
}

}  // namespace evenflow
