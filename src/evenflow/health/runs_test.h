// For tests: training runs made by hand.
#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "evenflow/health.h"

namespace evenflow::runs {

// Noise without randomness, between -1 and 1.
inline double noise(std::size_t i) {
  return std::sin(12.9898 * static_cast<double>(i) + 0.3) * std::cos(78.233 * static_cast<double>(i));
}

// A run of three dense layers that learns: the loss falls from 1 to 0.1, gradients with it, updates are 1e-3 of the
// weights. `steps` in epochs of 50.
inline RunTrace healthy(std::size_t steps = 600) {
  RunTrace run;
  run.model = "made by hand";
  run.loss = "mean_squared_error";
  run.optimizer = "SGD";
  run.batch_size = 32;
  run.steps_per_epoch = 50;
  for (const char* name : {"dense", "dense_1", "dense_2"}) {
    run.parameters.push_back({.name = std::string(name) + "/kernel", .layer = name, .elements = 4096});
    run.parameters.push_back({.name = std::string(name) + "/bias", .layer = name, .elements = 64});
    run.layers.push_back({name, "Dense", std::string(name) == "dense_2" ? "linear" : "relu"});
  }
  for (std::size_t i = 0; i < steps; ++i) {
    const double progress = static_cast<double>(i) / static_cast<double>(steps);
    RunStep step;
    step.iteration = static_cast<std::int64_t>(i);
    step.epoch = static_cast<int>(i / 50);
    step.loss = (0.1 + 0.9 * std::exp(-5 * progress)) * (1 + 0.1 * noise(i));
    step.global_norm = step.loss * (1 + 0.3 * noise(i + 7));
    step.learning_rate = 0.01;
    step.gradient_cosine = 0.1 * noise(i + 3);
    for (std::size_t p = 0; p < run.parameters.size(); ++p) {
      ParameterStep parameter;
      parameter.gradient_norm = step.global_norm / std::sqrt(6.0);
      parameter.gradient_maximum = parameter.gradient_norm / 4;
      parameter.zero_fraction = 0.1;
      parameter.weight_norm = p % 2 == 0 ? 8 : 0.1;
      parameter.update_norm = 1e-3 * parameter.weight_norm;
      parameter.exponents.assign(256, 0.0);
      for (int e = 107; e < 127; ++e) parameter.exponents[static_cast<std::size_t>(e)] = 200;  // 2^-20 ... 2^-1
      step.parameters.push_back(parameter);
    }
    for (std::size_t l = 0; l < run.layers.size(); ++l) {
      LayerStep layer;
      layer.second_moment = 1;
      layer.variance_fraction = 0.3;
      layer.cosine = 0.6;
      if (l < 2) {
        layer.mean_slope = 0.5;
        layer.mean_square_slope = 0.5;
        layer.dead = 0.05;
      }
      layer.gradient_norm = step.global_norm;
      step.layers.push_back(layer);
    }
    run.steps.push_back(std::move(step));
  }
  return run;
}

inline const Finding* find(const std::vector<Finding>& findings, std::string_view rule) {
  for (const Finding& finding : findings) {
    if (finding.rule == rule) return &finding;
  }
  return nullptr;
}

}  // namespace evenflow::runs
