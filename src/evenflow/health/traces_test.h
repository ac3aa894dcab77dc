// For tests: traces made by hand.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "evenflow/health.h"

namespace evenflow::traces {

// A chain of dense layers of 64 units whose pre-activation gradients, first to last, are `decades` relative to a last
// one of 10^last. Updates follow SGD: proportional to the gradient, 10^-3 at the last layer.
inline Trace dense_chain(const std::vector<double>& decades, const std::string& activation = "relu", double last = 0) {
  Trace trace{.model = "made by hand", .protocol = "loss", .data = "circles", .loss = "mean_squared_error"};
  trace.optimizer = "SGD";
  trace.learning_rate = 0.01;
  trace.samples = 128;
  trace.batch_size = 32;
  trace.batches = 4;
  trace.layers.push_back(
      {.name = "input_layer", .type = "InputLayer", .units = 64, .second_moment = 1, .variance_fraction = 1});
  trace.chain.push_back(0);
  for (std::size_t i = 0; i < decades.size(); ++i) {
    LayerTrace layer{.name = "dense_" + std::to_string(i + 1), .type = "Dense", .activation = activation, .units = 64};
    const bool is_last = i + 1 == decades.size();
    if (is_last) layer.activation = "linear";
    layer.initializer = "he_normal";
    layer.parameters = 64 * 65;
    layer.second_moment = 1;
    layer.variance_fraction = 0.5;
    layer.mean_slope = is_last ? 1 : 0.5;
    layer.mean_square_slope = is_last ? 1 : 0.5;
    layer.pre_activation_norm = decades[i] + last;
    layer.slope_decades = is_last ? 0 : 0.5 * std::log10(0.5);
    layer.backward_norm = *layer.pre_activation_norm - *layer.slope_decades;
    layer.weight_gradient_norm = *layer.pre_activation_norm;
    layer.weight_gradient_rms = *layer.weight_gradient_norm - std::log10(64.0);
    layer.weight_norm = 1;
    layer.update_ratio = 1e-3 * std::pow(10.0, decades[i]);
    trace.chain.push_back(trace.layers.size());
    trace.path.push_back(trace.layers.size());
    trace.layers.push_back(layer);
  }
  for (std::size_t i = 1; i < trace.layers.size(); ++i) {
    if (const auto& behind = trace.layers[i - 1].backward_norm) {
      trace.layers[i].weight_decades = *behind - *trace.layers[i].pre_activation_norm;
    }
  }
  if (decades.size() >= 2) {
    trace.total_decades.mean = decades.front();
    trace.decades_per_layer.mean = decades.front() / static_cast<double>(decades.size() - 1);
  }
  trace.expected_deviation = 0.2;
  return trace;
}

// The same decades for every step: `layers` layers, the first changed by `total`.
inline Trace even_chain(int layers, double total, const std::string& activation = "relu", double last = 0) {
  std::vector<double> decades;
  for (int i = 0; i < layers; ++i) decades.push_back(layers == 1 ? 0 : total * (layers - 1 - i) / (layers - 1));
  return dense_chain(decades, activation, last);
}

// As an adaptive optimizer moves them: every layer alike.
inline Trace with_adam(Trace trace, double ratio = 1e-3) {
  trace.optimizer = "Adam";
  trace.adaptive = true;
  trace.epsilon = 1e-7;
  for (const std::size_t layer : trace.path) trace.layers[layer].update_ratio = ratio;
  return trace;
}

inline const Finding::Number* number(const Finding& finding, std::string_view name) {
  for (const Finding::Number& n : finding.evidence) {
    if (n.name == name) return &n;
  }
  return nullptr;
}

}  // namespace evenflow::traces
