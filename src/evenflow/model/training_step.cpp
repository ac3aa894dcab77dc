#include <algorithm>
#include <utility>

#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/lowering.h"
#include "evenflow/model/optimizer_step.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow {
namespace {

std::vector<const LoweredLayer*> measured_layers(const Lowered& lowered) {
  std::vector<const LoweredLayer*> layers;
  for (const LoweredLayer& layer : lowered.layers) {
    if (layer.type != "InputLayer" && lowered.graph.shape(layer.output).rank() > 0) layers.push_back(&layer);
  }
  return layers;
}

void measure_outputs(Lowered& lowered) {
  Graph& graph = lowered.graph;
  for (const LoweredLayer* layer : measured_layers(lowered)) {
    const Graph::Scope scope(graph, layer->name);
    ops::SlopeOf slope;
    if (layer->has_slope()) {
      const ActivationFunction& f = *layer->activation.function;
      slope = {.function = &f.kernel,
               .parameters = layer->activation.parameters,
               .below = f.saturated_below,
               .above = f.saturated_above};
    }
    graph.output("layer/" + layer->name, ops::layer_statistics(graph, layer->output, layer->activation_input(), slope));
  }
}

std::vector<Trained> trainable_parameters(Graph& graph, const std::vector<ParameterInfo>& parameters) {
  std::vector<Trained> trained;
  for (const ParameterInfo& parameter : parameters) {
    if (!parameter.trainable) continue;
    trained.push_back(
        {.info = &parameter, .weights = graph.parameter(parameter.name, parameter.shape), .gradient = {}});
  }
  return trained;
}

// Sets the gradients. With full statistics the layers' outputs are differentiated by, too, and measured. `factor` is
// for numbers that would be too small for float32: the loss is multiplied by it and the gradients are divided.
void differentiate_all(Lowered& lowered, ValueId loss, float factor, std::vector<Trained>& trained,
                       bool measure_layers) {
  Graph& graph = lowered.graph;
  std::vector<ValueId> wrt;
  for (const Trained& one : trained) wrt.push_back(one.weights);
  const std::vector<const LoweredLayer*> layers =
      measure_layers ? measured_layers(lowered) : std::vector<const LoweredLayer*>{};
  for (const LoweredLayer* layer : layers) wrt.push_back(layer->output);
  std::vector<ValueId> gradients = differentiate(graph, ops::scale(graph, loss, factor), wrt);
  for (ValueId& gradient : gradients) {
    if (gradient) gradient = ops::scale(graph, gradient, 1.0f / factor);
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Graph::Scope scope(graph, layers[i]->name);
    const ValueId gradient = gradients[trained.size() + i];
    if (gradient) graph.output("layer_gradient/" + layers[i]->name, ops::moments(graph, gradient));
  }
  for (std::size_t i = 0; i < trained.size(); ++i) trained[i].gradient = gradients[i];
}

std::vector<TrainingStep::MeasuredLayer> describe_measured(const Lowered& lowered) {
  std::vector<TrainingStep::MeasuredLayer> described;
  for (const LoweredLayer* layer : measured_layers(lowered)) {
    const Shape shape = lowered.graph.shape(layer->output);
    const std::string prefix = "state_gradient/" + layer->name + "/";
    const auto outputs = lowered.graph.outputs();
    const auto state = std::find_if(outputs.begin(), outputs.end(),
                                    [&](const auto& output) { return output.first.starts_with(prefix); });
    described.push_back({.name = layer->name,
                         .units = static_cast<double>(shape.count(1, shape.rank())),
                         .has_slope = layer->has_slope(),
                         .state = state == outputs.end() ? std::string() : state->first});
  }
  return described;
}

}  // namespace

TrainingStep build_training_step(const Model& model, const TrainingStepOptions& options) {
  const bool full = options.statistics == StatisticsLevel::full;
  Lowered lowered =
      lower(model, {.batch = options.batch, .training = true, .samples = options.samples, .state_gradients = full});
  const ValueId loss = add_loss(lowered, model, options.loss);
  if (full) measure_outputs(lowered);
  const Item& given = model.compile->optimizer;
  const Item optimizer = choose_optimizer(Json{{"class_name", given.type}, {"config", given.config}});
  const std::vector<ParameterInfo> parameters = lowered.parameters;
  std::vector<Trained> trained = trainable_parameters(lowered.graph, parameters);
  differentiate_all(lowered, loss, static_cast<float>(loss_scale(optimizer)), trained, full);
  std::vector<TrainingStep::MeasuredLayer> layers;
  if (full) layers = describe_measured(lowered);
  TrainingStep step{.graph = std::move(lowered.graph),
                    .parameters = std::move(lowered.parameters),
                    .slots = {},
                    .layers = std::move(layers)};
  step.slots = add_optimizer_step(step.graph, optimizer, std::move(trained), options.statistics);
  return step;
}

}  // namespace evenflow
