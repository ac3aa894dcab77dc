// For tests: a trace and findings made by hand.
#pragma once

#include <cmath>
#include <string>

#include "evenflow/health.h"

namespace evenflow::report_test {

// `layers` dense layers, each with `step` decades to the next one below.
inline Trace chain(int layers, double step, const std::string& activation = "sigmoid") {
  Trace trace{
      .model = "deep.keras", .protocol = "cotangent", .data = "standard normal inputs", .loss = "mean_squared_error"};
  trace.optimizer = "SGD";
  trace.learning_rate = 0.01;
  trace.batch_size = 32;
  trace.batches = 4;
  trace.layers.push_back(
      {.name = "input_layer", .type = "InputLayer", .units = 64, .second_moment = 1.0, .variance_fraction = 1.0});
  trace.chain.push_back(0);
  for (int i = 1; i <= layers; ++i) {
    LayerTrace layer{.name = "dense_" + std::to_string(i),
                     .type = "Dense",
                     .activation = i < layers ? activation : "linear",
                     .initializer = "glorot_uniform",
                     .units = 64,
                     .parameters = 4160};
    const double decades = step * (layers - i);
    layer.second_moment = 0.27;
    layer.variance_fraction = 0.01;
    if (i < layers) layer.mean_slope = 0.236;
    if (i < layers) layer.mean_square_slope = 0.056;
    if (i < layers) layer.saturated = 0.02;
    if (i < layers) layer.dead = 0.0;
    layer.pre_activation_norm = decades;
    layer.backward_norm = decades + 0.6;
    layer.weight_gradient_norm = decades - 0.5;
    layer.weight_gradient_rms = decades - 2.5;
    layer.weight_norm = 1.0;
    layer.update_ratio = 1e-3 * std::pow(10.0, decades);
    layer.slope_decades = -0.6;
    layer.weight_decades = 0.0;
    trace.chain.push_back(trace.layers.size());
    trace.path.push_back(trace.layers.size());
    trace.layers.push_back(layer);
  }
  trace.total_decades.mean = step * (layers - 1);
  trace.decades_per_layer.mean = step;
  return trace;
}

inline Finding finding() {
  return {.rule = "vanishing-gradient",
          .severity = Severity::error,
          .layers = {"dense_1", "dense_2", "dense_3", "dense_4"},
          .evidence = {{"total_decades", -18.2, "decades"}},
          .cause = {{"sigmoid's slope", -18.9, "mean slope 0.236"}, {"the weights' gain", 0.7, "gain 1.06"}},
          .message = "The gradient loses 0.63 decades per layer, 18.2 decades over 30 layers.",
          .advice = {"relu with he_normal", "batch_normalization"},
          .learn = "a paper"};
}

}  // namespace evenflow::report_test
