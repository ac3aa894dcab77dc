#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/chain.h"
#include "evenflow/health/data_facts.h"
#include "evenflow/health/draw.h"
#include "evenflow/health/fields.h"
#include "evenflow/health/probe_batches.h"
#include "evenflow/health/theory/mean_field.h"
#include "evenflow/health/weight_facts.h"
#include "evenflow/health/zero.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow {
namespace {

// Penalties act on weights and activities directly: they are no part of the flow.
Model without_penalties(Model model) {
  for (Layer& layer : model.layers) {
    for (auto& [key, value] : layer.config.items()) {
      if (key.ends_with("_regularizer")) value = nullptr;
    }
  }
  if (model.compile) model.compile->metrics.clear();
  return model;
}

Measured summary(const std::vector<Draw>& draws, double Draw::*number) {
  double sum = 0;
  double count = 0;
  for (const Draw& draw : draws) {
    if (!draw.measured) continue;
    sum += draw.*number;
    ++count;
  }
  if (count == 0) return {};
  Measured result{.mean = sum / count};
  if (count == 1) return result;
  double squares = 0;
  for (const Draw& draw : draws) {
    if (draw.measured) squares += (draw.*number - result.mean) * (draw.*number - result.mean);
  }
  result.deviation = std::sqrt(squares / (count - 1));
  return result;
}

// Field by field the mean over the draws.
LayerTrace average(const std::vector<Draw>& draws, std::size_t layer) {
  LayerTrace result = draws.front().layers[layer];
  if (draws.size() == 1) return result;
  std::vector<double> sums;
  std::vector<int> counts;
  const auto collect = [&](std::size_t& field, const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::optional<double>>) {
      sums.resize(std::max(sums.size(), field + 1));
      counts.resize(sums.size());
      if (value) {
        sums[field] += *value;
        ++counts[field];
      }
      ++field;
    }
  };
  double non_finite = 0;
  for (const Draw& draw : draws) {
    std::size_t field = 0;
    visit_fields(draw.layers[layer], [&](const char*, const auto& value) { collect(field, value); });
    non_finite += draw.layers[layer].non_finite;
  }
  std::size_t field = 0;
  visit_fields(result, [&](const char*, auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::optional<double>>) {
      value = counts[field] == 0 ? std::nullopt : std::optional(sums[field] / counts[field]);
      ++field;
    }
  });
  result.non_finite = non_finite;
  return result;
}

// The first activation that follows the path's layer on the chain, with the layer that has it.
const LoweredLayer* activation_after(const Chain& chain, const std::vector<LoweredLayer>& layers,
                                     std::size_t path_layer, std::size_t* index) {
  auto at = std::find(chain.layers.begin(), chain.layers.end(), path_layer);
  for (bool first = true; at != chain.layers.end(); ++at, first = false) {
    if (!first && kernel_of(layers[*at]) != nullptr) return nullptr;
    const ActivationChoice& activation = layers[*at].activation;
    if (activation.function != nullptr && activation.function->id != "linear") {
      *index = *at;
      return &layers[*at];
    }
  }
  return nullptr;
}

// The spread that the size of the path's layers allows (theory, section 1.12), for a single sample: an upper bound for
// batches.
double expected_deviation(const Chain& chain, const std::vector<LoweredLayer>& layers, const std::vector<Shape>& shapes,
                          const Draw& draw) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < chain.path.size(); ++i) {
    const std::size_t layer = chain.path[i];
    double kurtosis = 1;
    std::size_t active = layer;
    if (const LoweredLayer* activation = activation_after(chain, layers, layer, &active)) {
      const std::optional<double>& q = draw.pre_activation_moments[active];
      if (q && std::isfinite(*q)) kurtosis = theory::slope_kurtosis(activation->activation, *q);
    }
    if (std::isfinite(kurtosis)) sum += theory::relative_variance(kurtosis, static_cast<double>(shapes[layer].back()));
  }
  return theory::deviation_decades(sum);
}

// What theory says about these weights on this input, layer by layer.
void add_prediction(const Model& model, const Weights& weights, const Draw& draw, Trace& trace) {
  const LayerTrace& input = draw.layers[trace.chain.front()];
  if (!input.second_moment || !std::isfinite(*input.second_moment)) return;
  const FlowPrediction prediction =
      predict_flow(model, {.weights = &weights,
                           .input_moment = *input.second_moment,
                           .input_correlation = std::clamp(1 - input.variance_fraction.value_or(1), 0.0, 1.0),
                           .batch_size = trace.batch_size});
  trace.doubts = prediction.doubts;
  const auto usable = [](double decades) { return std::isfinite(decades) && decades > kExactlyZero; };
  if (prediction.path.size() >= 2 && usable(prediction.total_decades)) {
    trace.predicted_decades = prediction.total_decades;
    trace.predicted_deviation = prediction.deviation;
  }
  for (std::size_t i = 0; i < trace.layers.size(); ++i) {
    const FlowPrediction::Layer& predicted = prediction.layers[i];
    LayerTrace& layer = trace.layers[i];
    if (predicted.decades && usable(*predicted.decades)) {
      layer.predicted_decades = predicted.decades;
      layer.predicted_deviation = predicted.deviation;
    }
    if (layer.saturated) layer.expected_saturated = predicted.expected_saturated;
    if (layer.dead) layer.expected_dead = predicted.expected_dead;
  }
}

Trace describe(const SavedModel& saved, const ProbeOptions& options, const Batches& batches) {
  Trace trace{.model = saved.model.name, .protocol = batches.target() ? "loss" : "cotangent"};
  trace.data = batches.source();
  if (saved.model.compile) {
    const CompileSettings& compile = *saved.model.compile;
    trace.loss = compile.loss.type;
    trace.from_logits = compile.loss.config.value("from_logits", false);
    if (!compile.optimizer.type.empty()) {
      const Item optimizer =
          choose_optimizer(Json{{"class_name", compile.optimizer.type}, {"config", compile.optimizer.config}});
      trace.optimizer = optimizer.type;
      trace.learning_rate = initial_learning_rate(optimizer);
      trace.adaptive = optimizer_type(optimizer.type).adaptive;
      if (trace.adaptive) trace.epsilon = optimizer.config.value("epsilon", 0.0);
    }
  }
  trace.samples = batches.size() * batches.count();
  trace.batch_size = batches.size();
  trace.batches = batches.count();
  trace.redraws = options.redraws;
  trace.seed = options.seed;
  return trace;
}

std::vector<char> kernel_layers(const Model& model) {
  std::vector<char> has_kernel;
  for (const LoweredLayer& layer : lower(model, {}).layers) has_kernel.push_back(kernel_of(layer) != nullptr);
  return has_kernel;
}

}  // namespace

Trace probe(const SavedModel& saved, const ProbeOptions& options) {
  const Model model = flattened(without_penalties(saved.model));
  const Batches batches(model, options);
  const Chain chain = find_chain(model, kernel_layers(model));
  Prober prober(model, chain, batches, options.seed);

  std::vector<Draw> draws;
  Weights weights;  // of the last draw
  for (int i = 0; i < std::max(1, options.redraws); ++i) {
    const auto draw = static_cast<std::uint64_t>(i);
    weights = options.redraws > 0 ? initialize(model, options.seed + draw) : saved.weights;
    draws.push_back(prober.measure(weights, draw));
  }

  Trace trace = describe(saved, options, batches);
  trace.chain = chain.layers;
  trace.path = chain.path;
  const auto dead = [](const Draw& draw) { return draw.dead; };
  const std::vector<LoweredLayer>& layers = prober.whole().layers();
  trace.expected_deviation = expected_deviation(chain, layers, prober.whole().output_shapes(), draws.back());
  trace.dead_redraws = options.redraws == 0 ? 0 : std::count_if(draws.begin(), draws.end(), dead);
  if (!std::all_of(draws.begin(), draws.end(), dead)) std::erase_if(draws, dead);
  trace.total_decades = summary(draws, &Draw::total);
  trace.decades_per_layer = summary(draws, &Draw::per_layer);
  for (const Draw& draw : draws) trace.loss_value += draw.loss / static_cast<double>(draws.size());
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    trace.layers.push_back(average(draws, i));
    add_weight_facts(layers[i], weights, trace.layers.back());
  }
  add_prediction(model, weights, draws.back(), trace);
  if (options.data != nullptr) trace.data_facts = data_facts(*options.data);
  return trace;
}

}  // namespace evenflow
