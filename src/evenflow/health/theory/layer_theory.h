// What one layer does to a signal and to a gradient: a rule for each kind of layer (spec/theory, section 2).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "evenflow/health.h"
#include "evenflow/health/theory/signal.h"
#include "evenflow/model/lowering.h"

namespace evenflow::theory {

// A layer as its rule sees it.
struct LayerView {
  const LoweredLayer& layer;
  const LoweredLayer& owner;  // of the weights: an earlier call of a shared layer, or the layer itself
  const Json& config;         // complete
  std::vector<Signal> inputs;
  std::vector<Shape> input_shapes;  // batch axis included
  Shape output_shape;
  const FlowOptions& options;
  std::vector<std::string>& doubts;

  const Signal& input() const { return inputs.front(); }
  // E[w^2] of a variable: what the weights are, or what the initializer draws.
  double mean_square(std::string_view variable, double without) const;
  const ParameterInfo* parameter(std::string_view variable) const;
  bool orthogonal(std::string_view variable) const;
  void doubt(std::string_view what) const;  // names the layer
};

using Back = std::function<Flow(const Flow&)>;

// What came out. The gradient goes back first through the activation, then to every input.
struct Passed {
  Signal output;
  std::optional<double> pre_activation;  // E[z^2]
  Back through_activation;               // null: there is none
  std::vector<Back> to_inputs;           // null: unchanged
  double gain = 1;                       // of the weights: fan-in times E[w^2]
  double kurtosis = 1;                   // of the activation's slope
  double effective_units = 0;            // over which the gradient's norm averages; 0: no weights
  bool orthogonal = false;
  std::optional<FlowPrediction::Time> time;  // of recurrent layers
};

Passed pass(const LayerView& view);

// By kind of layer.
Passed pass_dense(const LayerView& view);
Passed pass_convolution(const LayerView& view);
Passed pass_recurrent(const LayerView& view);
Passed pass_pooling(const LayerView& view);
Passed pass_normalization(const LayerView& view);
Passed pass_join(const LayerView& view);

// The activation of a layer on Gaussian values: fills output, through_activation and kurtosis.
void activate(const LayerView& view, const ActivationChoice& activation, const Signal& z, Passed& passed);

}  // namespace evenflow::theory
