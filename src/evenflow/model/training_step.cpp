#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/lowering.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow {
namespace {

// A trainable parameter that the loss depends on.
struct Trained {
  const ParameterInfo* info;
  ValueId weights;
  ValueId gradient;
};

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

// Sets the gradients and drops those whose layers do not lead to the output. With full statistics the layers' outputs
// are differentiated by, too, and measured.
void differentiate_all(Lowered& lowered, ValueId loss, std::vector<Trained>& trained, bool measure_layers) {
  Graph& graph = lowered.graph;
  std::vector<ValueId> wrt;
  for (const Trained& one : trained) wrt.push_back(one.weights);
  const std::vector<const LoweredLayer*> layers =
      measure_layers ? measured_layers(lowered) : std::vector<const LoweredLayer*>{};
  for (const LoweredLayer* layer : layers) wrt.push_back(layer->output);
  const std::vector<ValueId> gradients = differentiate(graph, loss, wrt);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Graph::Scope scope(graph, layers[i]->name);
    const ValueId gradient = gradients[trained.size() + i];
    if (gradient) graph.output("layer_gradient/" + layers[i]->name, ops::moments(graph, gradient));
  }
  for (std::size_t i = 0; i < trained.size(); ++i) trained[i].gradient = gradients[i];
  std::erase_if(trained, [](const Trained& one) { return !one.gradient; });
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

// The optimizer of a model as graph nodes: clipping and update of each parameter.
class Optimizer {
 public:
  Optimizer(TrainingStep& step, const Item& optimizer, StatisticsLevel statistics)
      : step_(step),
        config_(optimizer.config),
        type_(optimizer_type(optimizer.type)),
        rule_(type_.rule(config_)),
        slots_(type_.slots(config_)),
        clipping_(clipping(optimizer)) {
    if (slots_.size() != rule_.slots) {
      fail(ErrorKind::internal, "optimizer {}: {} slots are named, its rule has {}", optimizer.type, slots_.size(),
           rule_.slots);
    }
    options_.rule = &rule_;
    options_.statistics = statistics != StatisticsLevel::off;
    options_.exponents = statistics == StatisticsLevel::full;
    options_.weight_decay = weight_decay(optimizer).value_or(0.0);
    if (clipping_.kind == Clipping::Kind::value) options_.clip_value = static_cast<float>(clipping_.threshold);
  }

  void update_all(const std::vector<Trained>& trained) {
    if (trained.empty()) return;
    Graph& graph = step_.graph;
    std::array<double, kUpdateHyperparameters> hyperparameters{};
    type_.hyperparameters(config_, hyperparameters.data());
    const ValueId coefficients = ops::update_coefficients(graph, rule_, hyperparameters);
    const ValueId common_scale = global_scale(trained);
    for (const Trained& one : trained) {
      const Graph::Scope scope(graph, one.info->layer);
      const bool own_scale = clipping_.kind == Clipping::Kind::norm;
      const ValueId scale = own_scale ? ops::norm_scale(graph, one.gradient, clipping_.threshold) : common_scale;
      const ops::UpdateOutputs outputs =
          ops::update(graph, one.weights, one.gradient, slots(*one.info), coefficients, scale, options_);
      if (options_.statistics && own_scale) graph.output("clip_scale/" + one.info->name, scale);
      output("update/", one, outputs.statistics);
      output("clipped_squares/", one, outputs.clipped_squares);
      output("exponents/", one, outputs.exponents);
    }
  }

 private:
  void output(std::string_view prefix, const Trained& one, ValueId value) {
    if (value) step_.graph.output(std::string(prefix) + one.info->name, value);
  }

  // The factor that clipping by global norm multiplies all gradients with; absent without such clipping.
  ValueId global_scale(const std::vector<Trained>& trained) {
    if (clipping_.kind != Clipping::Kind::global_norm) return {};
    Graph& graph = step_.graph;
    std::vector<ValueId> gradients;
    for (const Trained& one : trained) gradients.push_back(one.gradient);
    const ValueId norm = ops::global_norm(graph, std::move(gradients));
    const ValueId scale = ops::global_norm_scale(graph, norm, clipping_.threshold);
    graph.output("global_norm", norm);
    graph.output("clip_scale", scale);
    return scale;
  }

  std::vector<ValueId> slots(const ParameterInfo& parameter) {
    std::vector<ValueId> values;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      std::string name = parameter.name + "/" + slots_[i];
      values.push_back(step_.graph.parameter(name, parameter.shape));
      step_.slots.push_back({.name = std::move(name), .shape = parameter.shape, .initial = type_.initial(config_, i)});
    }
    return values;
  }

  TrainingStep& step_;
  const Json& config_;
  const OptimizerType& type_;
  const UpdateRule& rule_;
  std::vector<std::string> slots_;
  Clipping clipping_;
  ops::UpdateOptions options_;
};

}  // namespace

TrainingStep build_training_step(const Model& model, const TrainingStepOptions& options) {
  const bool full = options.statistics == StatisticsLevel::full;
  Lowered lowered =
      lower(model, {.batch = options.batch, .training = true, .samples = options.samples, .state_gradients = full});
  const ValueId loss = add_loss(lowered, model, options.loss);
  if (full) measure_outputs(lowered);
  const std::vector<ParameterInfo> parameters = lowered.parameters;
  std::vector<Trained> trained = trainable_parameters(lowered.graph, parameters);
  differentiate_all(lowered, loss, trained, full);
  std::vector<TrainingStep::MeasuredLayer> layers;
  if (full) layers = describe_measured(lowered);
  TrainingStep step{.graph = std::move(lowered.graph),
                    .parameters = std::move(lowered.parameters),
                    .slots = {},
                    .layers = std::move(layers)};
  const Item& given = model.compile->optimizer;
  const Item optimizer = choose_optimizer(Json{{"class_name", given.type}, {"config", given.config}});
  Optimizer(step, optimizer, options.statistics).update_all(trained);
  return step;
}

}  // namespace evenflow
