// From a Model to a graph: the forward pass with its taps, and the whole training step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "evenflow/graph.h"
#include "evenflow/model.h"
#include "evenflow/model/activation_function.h"

namespace evenflow {

struct LoweredLayer {
  std::string name;
  std::string type;
  std::vector<ValueId> inputs;
  ValueId pre_activation;  // output of the layer's linear map; absent when it has none
  ValueId output;
  ActivationChoice activation;  // function null and row_wise false when the layer has none
  std::vector<ParameterInfo> parameters;
  Item activity_regularizer;  // of the output; type empty: none
};

struct Lowered {
  Graph graph;
  ValueId input;   // graph input "x": (batch, sample shape...)
  ValueId output;  // of the model; graph output "prediction"
  ValueId logits;  // what the fused softmax or sigmoid cross-entropy would read; may be absent
  std::vector<LoweredLayer> layers;
  std::vector<ParameterInfo> parameters;
};

struct LoweringOptions {
  std::int64_t batch = 1;
  bool training = false;
  // Called for each layer but the model's output; what it returns takes the place of the layer's output. For probes.
  std::function<ValueId(Graph& graph, std::size_t layer, ValueId output)> tap = {};
};

Lowered lower(const Model& model, const LoweringOptions& options);

// Adds target ("y"), loss (data loss plus regularization, a scalar; graph output "loss") and metrics (graph outputs
// "metric/<name>", scalars: batch means). target_shape includes the batch axis. Returns the loss.
// The loss's target shape must fit the model's output: else Error(input) that says what would fit.
ValueId add_loss(Lowered& lowered, const Model& model, const Shape& target_shape);
// Names of the model's metrics as they are logged ("accuracy"), in order.
std::vector<std::string> metric_names(const Model& model);

// How much of a training step is measured.
enum class StatisticsLevel : std::uint8_t { off, norms, full };

struct TrainingStepOptions {
  std::int64_t batch = 32;
  Shape target_shape;  // batch axis included
  StatisticsLevel statistics = StatisticsLevel::norms;
};

// Forward, loss, backward, statistics, clipping and update as one graph.
// Outputs: "prediction", "loss", "metric/<name>" (float32), and with statistics:
//   "update/<parameter>"   float64[kUpdateStatistics], see graph/update_rule.h, for every trainable parameter;
//   "global_norm"          float64 scalar, of all raw gradients, with clipping by global norm (otherwise it is the root
//                          of the sum of all gradient_squares);
//   "clip_scale"           float32 scalar, with clipping by global norm.
// Parameters of the graph: the model's by name, and the optimizer's slots by "<parameter>/<slot>".
struct TrainingStep {
  Graph graph;
  std::vector<ParameterInfo> parameters;
  struct Slot {
    std::string name;
    Shape shape;
    float initial;
  };
  std::vector<Slot> slots;
};
TrainingStep build_training_step(const Model& model, const TrainingStepOptions& options);

}  // namespace evenflow
