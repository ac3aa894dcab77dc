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
#include "evenflow/statistics.h"

namespace evenflow {

struct LoweredLayer {
  std::string name;
  std::string type;
  std::vector<ValueId> inputs;
  ValueId pre_activation;  // output of the layer's linear map; absent when it has none
  ValueId output;
  std::vector<ValueId> more_outputs;      // after the first: states, attention scores
  ValueId mask;                           // of the output: (batch, time) of 0 and 1; absent when nothing is masked
  ActivationChoice activation;            // function null and row_wise false when the layer has none
  std::vector<ParameterInfo> parameters;  // not those that it shares with an earlier call
  Item activity_regularizer;              // of the output; type empty: none

  // What the activation is applied to: the output of the linear map, or the input of a layer that is nothing but an
  // activation. Absent without an activation.
  ValueId activation_input() const {
    if (pre_activation) return pre_activation;
    return activation.function != nullptr || activation.row_wise ? inputs.front() : ValueId{};
  }
  // Is there an element-wise activation other than linear?
  bool has_slope() const { return activation.function != nullptr && activation.function->id != "linear"; }

  ValueId output_at(int index) const { return index == 0 ? output : more_outputs[static_cast<std::size_t>(index) - 1]; }
};

struct Lowered {
  struct Output {
    ValueId value;   // graph output output_name(index)
    ValueId logits;  // what the fused softmax or sigmoid cross-entropy would read; absent without such an activation
    ValueId mask;
    std::string_view activation;  // of the layer; "" without
  };
  Graph graph;
  std::vector<ValueId> inputs;  // graph inputs input_name(index): (batch, sample shape...)
  std::vector<Output> outputs;
  std::vector<LoweredLayer> layers;  // of the flattened model, in its order
  std::vector<ParameterInfo> parameters;
};

// Names in the graph of what belongs to a model's inputs and outputs: "x", "x_1", ...
std::string input_name(std::size_t index);          // "x"
std::string target_name(std::size_t index);         // "y"
std::string sample_weight_name(std::size_t index);  // "sample_weight"
std::string output_name(std::size_t index);         // "prediction"

struct LoweringOptions {
  std::int64_t batch = 1;
  bool training = false;
  // Shapes of one sample of each input, for axes that the model leaves open; empty: open axes get some length.
  std::vector<Shape> samples = {};
  // Called for each layer but the model's outputs; what it returns takes the place of the layer's output. For probes.
  std::function<ValueId(Graph& graph, std::size_t layer, ValueId output)> tap = {};
  // Recurrent layers put the norms of dLoss/dstate at each time step into the graph's outputs, when the graph is
  // differentiated: "state_gradient/<layer>/<state>", float64[time steps], of the whole batch.
  bool state_gradients = false;
};

Lowered lower(const Model& model, const LoweringOptions& options);

struct LossOptions {
  std::vector<Shape> targets;   // of each output, the batch axis included
  bool sample_weights = false;  // adds inputs sample_weight_name(i): (batch) or the loss's per-sample shape
};

// Adds targets, loss (the weighted sum of the outputs' losses plus regularization, a scalar; graph output "loss") and
// what is logged beside it (graph outputs "metric/<name>", scalars: batch means). Returns the loss. A target's shape
// must fit its output and loss: else Error(input) that says what would fit.
ValueId add_loss(Lowered& lowered, const Model& model, const LossOptions& options);
// What is logged beside "loss", in order: with several outputs "<output>_loss" for each, then the metrics, with
// Keras's names ("accuracy", "<output>_accuracy").
struct LoggedValue {
  std::string name;    // graph output "metric/<name>"
  Item metric;         // as given; empty for an output's loss
  std::size_t output;  // index of the model's output
};
std::vector<LoggedValue> logged_values(const Model& model);

struct TrainingStepOptions {
  std::int64_t batch = 32;
  std::vector<Shape> samples = {};  // see LoweringOptions
  LossOptions loss;
  StatisticsLevel statistics = StatisticsLevel::norms;
};

// Forward, loss, backward, statistics, clipping and update as one graph.
// Outputs: "prediction", "loss", "metric/<name>" (float32), and with statistics:
//   "update/<parameter>"   float64[kUpdateStatistics], see graph/update_rule.h, for every trainable parameter;
//   "global_norm"          float64 scalar, of all raw gradients, with clipping by global norm (otherwise it is the root
//                          of the sum of all gradient_squares);
//   "clip_scale"           float32 scalar, with clipping by global norm;
//   "clip_scale/<parameter>"       float32 scalar, with clipping by norm;
//   "clipped_squares/<parameter>"  float64[1], with clipping by value: of the gradient after it.
// With full statistics also:
//   "exponents/<parameter>"     float64[kExponentFields], see graph/ops/update.h;
//   "layer/<layer>"             float64[kLayerStatisticsSize], see graph/ops/layer_statistics.h, for every layer but
//                               InputLayers;
//   "layer_gradient/<layer>"    float64[kMomentsSize], of dLoss/doutput where the loss depends on the output itself;
//   "state_gradient/<layer>/<state>"  of recurrent layers, see LoweringOptions.
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
  struct MeasuredLayer {
    std::string name;
    double units;  // elements of one sample's output
    bool has_slope;
    std::string state;  // a graph output "state_gradient/..." of the layer, the first; "" without
  };
  std::vector<MeasuredLayer> layers;  // with full statistics
};
TrainingStep build_training_step(const Model& model, const TrainingStepOptions& options);

}  // namespace evenflow
