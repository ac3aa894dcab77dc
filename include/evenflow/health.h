// Health: measured numbers (Trace), what they mean (Finding), and the probe that measures a network at rest.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evenflow/data.h"
#include "evenflow/json.h"
#include "evenflow/model.h"

namespace evenflow {

// Mean and standard deviation over redraws (deviation 0 when there was one).
struct Measured {
  double mean = 0;
  double deviation = 0;
  friend bool operator==(const Measured&, const Measured&) = default;
};

// Numbers of one layer. Absent where they make no sense (no activation, no parameters).
struct LayerTrace {
  std::string name;
  std::string type;
  std::string activation;   // "" when the layer has none
  std::string initializer;  // of the kernel, Keras's short name; "" without a kernel
  std::int64_t units = 0;   // elements of one sample's output
  std::int64_t parameters = 0;
  bool trainable = true;

  // Forward numbers: means over the batches. Norms: root mean squares over the batches.
  std::optional<double> second_moment;         // E[a^2] of the output
  std::optional<double> variance_fraction;     // share of it that differs from sample to sample, 0..1
  std::optional<double> mean_slope;            // E[f'(z)]
  std::optional<double> mean_square_slope;     // E[f'(z)^2]
  std::optional<double> saturated;             // fraction of outputs beyond the activation's saturation bounds
  std::optional<double> dead;                  // fraction of units whose slope is 0 for every sample of a batch
  std::optional<double> backward_norm;         // |dL/d output|, log10; see below for zero
  std::optional<double> pre_activation_norm;   // |dL/dz|, log10
  std::optional<double> weight_gradient_norm;  // |dL/d kernel|, log10
  std::optional<double> weight_gradient_rms;   // log10
  std::optional<double> weight_norm;           // |kernel|, log10
  std::optional<double> update_ratio;          // effective |update| / |weights| per step under its optimizer
  // The chain-rule ledger: decades that the way back through this layer adds (+) or takes (-).
  std::optional<double> slope_decades;   // log10 |dL/dz| - log10 |dL/da|: the activation's slope
  std::optional<double> weight_decades;  // log10 |dL/d input| - log10 |dL/dz|: the weights' gain
  double non_finite = 0;                 // values met in forward and backward
  // What the weights are, against what their initializer draws; of the kernel.
  std::optional<double> weight_gain;  // fan-in times the mean square of a weight
  std::optional<double> drawn_gain;   // the same by the initializer's variance; absent when it draws no variance
  std::optional<double> alike_units;  // fraction of units whose weights equal another unit's: they stay equal
  // What theory expects of a fresh network; absent where it does not apply.
  std::optional<double> predicted_decades;    // |dL/dz| over the last kernel layer's, log10
  std::optional<double> predicted_deviation;  // of predicted_decades, at this width and depth
  std::optional<double> expected_saturated;   // as `saturated`
  std::optional<double> expected_dead;        // as `dead`
  friend bool operator==(const LayerTrace&, const LayerTrace&) = default;
};
// log10 of a norm that is exactly zero.
inline constexpr double kZeroNorm = -400.0;

// What the samples and targets of a probe look like; of the whole data set, absent axes and all.
struct DataFacts {
  double minimum = 0;  // of the inputs
  double maximum = 0;
  double mean = 0;
  double root_mean_square = 0;
  double smallest_deviation = 0;  // standard deviations of features (the last axis) that are not constant
  double largest_deviation = 0;
  double constant_features = 0;  // fraction
  bool with_targets = false;
  double target_minimum = 0;
  double target_maximum = 0;
  bool target_integers = false;  // every target is a whole number
  double target_row_sum_minimum = 0;
  double target_row_sum_maximum = 0;
  std::int64_t target_width = 0;  // elements of one sample's target
  double non_finite = 0;          // values of inputs and targets
  friend bool operator==(const DataFacts&, const DataFacts&) = default;
};

// Recorded numbers of one probe. A plain value: rules read this and never a tensor. Gradients are those of the data
// loss: penalties on weights and activities are left out.
struct Trace {
  std::string model;
  std::string protocol;  // "loss" or "cotangent" (random gradient at the output, theory's protocol)
  std::string data;
  std::string loss;
  bool from_logits = false;  // the loss's own setting
  std::string optimizer;     // class name
  double learning_rate = 0;
  bool adaptive = false;  // the optimizer rescales gradients
  double epsilon = 0;     // of an adaptive optimizer
  std::int64_t samples = 0;
  std::int64_t batch_size = 0;
  std::int64_t batches = 0;
  std::int64_t redraws = 0;  // 0: the file's own weights
  std::uint64_t seed = 0;
  double loss_value = 0;
  std::vector<LayerTrace> layers;           // every layer, in the model's order
  std::vector<std::size_t> chain;           // indices of the layers from input to output with the most kernels
  std::vector<std::size_t> path;            // those of them that have a kernel, first to last
  std::int64_t dead_redraws = 0;            // draws in which no gradient at all reached the first kernel layer: left
                                            // out of all means, unless there was no other
  Measured total_decades;                   // log10 of the first over the last pre-activation gradient norm on the path
  Measured decades_per_layer;               // least-squares slope toward the input: negative vanishes
  double expected_deviation = 0;            // of total_decades at this width and depth (theory, section 1.12)
  std::optional<double> predicted_decades;  // total_decades by mean-field theory; absent where it does not apply
  std::optional<double> predicted_deviation;  // of predicted_decades
  std::vector<std::string> doubts;            // why the prediction may be wrong here; empty: nothing speaks against it
  std::optional<DataFacts> data_facts;        // absent without data
  friend bool operator==(const Trace&, const Trace&) = default;
};
Json to_json(const Trace& trace);
Trace trace_from_json(const Json& json);

enum class Severity : std::uint8_t { info, warning, error };
constexpr std::string_view to_string(Severity severity) {
  return severity == Severity::info ? "info" : severity == Severity::warning ? "warning" : "error";
}

struct Finding {
  struct Number {
    std::string name;  // "decades_per_layer"
    double value = 0;
    std::string unit;  // "decades"
    friend bool operator==(const Number&, const Number&) = default;
  };
  // One factor of the cause and the decades it accounts for.
  struct Cause {
    std::string factor;  // "sigmoid's slope", "the weights' gain"
    double decades = 0;
    std::string explanation;  // "mean slope 0.249, root mean square 0.249"
    friend bool operator==(const Cause&, const Cause&) = default;
  };
  // Where and when it began.
  struct Onset {
    std::string layer;      // "" when it is not a layer's
    std::int64_t step = 0;  // iteration since the start of training
    friend bool operator==(const Onset&, const Onset&) = default;
  };
  std::string rule;  // "vanishing-gradient"
  Severity severity = Severity::info;
  std::vector<std::string> layers;
  std::optional<Onset> onset;  // absent when the network was judged at rest
  std::vector<Number> evidence;
  std::vector<Cause> cause;         // of the chain-rule ledger, largest first
  std::vector<Cause> experiment;    // the same decades by counterfactual probes; empty when none were made
  std::string message;              // one or two sentences, plain words
  std::vector<std::string> advice;  // what to try, a line each
  std::string learn;                // where to read more
  friend bool operator==(const Finding&, const Finding&) = default;
};
Json to_json(const Finding& finding);
Finding finding_from_json(const Json& json);

struct ProbeOptions {
  const Dataset* data = nullptr;  // null: standard normal inputs and the cotangent protocol
  int batch_size = 32;
  int batches = 4;
  int redraws = 0;  // N > 0: measure N fresh draws of the initializers instead of the given weights
  std::uint64_t seed = 0;
};

// Forward and backward passes without any update. Data with targets is probed with the model's own loss, else the
// cotangent protocol is used: the loss is the batch's mean of <G, output> with G ~ N(0, 1), where the output is taken
// before a last softmax or sigmoid. Norms of any size are measured: the backward pass is rescaled where float32 ends.
// Where the forward pass overflows, the layers before the overflow are measured with the cotangent protocol.
// Throws Error(input) when the data does not fit (fit_to_model makes it fit), Error(usage) for data without samples.
Trace probe(const SavedModel& model, const ProbeOptions& options);

// Judges a trace by every rule, worst first. Each rule that finds nothing adds its reason to `silences`.
std::vector<Finding> examine(const Trace& trace, std::vector<std::string>* silences = nullptr);

// ---- Prediction -----------------------------------------------------------------------------------------------

struct FlowOptions {
  const Weights* weights = nullptr;  // null: what the initializers draw; else their second moments
  double input_moment = 1;           // E[x^2]
  double input_correlation = 0;      // between two samples
  // Samples per batch, for batch normalization and dead units; 0: infinitely many.
  std::int64_t batch_size = 32;
};

// What mean-field theory says about a network at rest, without running it.
struct FlowPrediction {
  // Of a recurrent layer, back through time: log10 of |dL/dh_0| over |dL/dh_T|.
  struct Time {
    std::int64_t steps = 0;
    double total_decades = 0;
    double decades_per_step = 0;  // far from the end
    friend bool operator==(const Time&, const Time&) = default;
  };
  struct Layer {
    std::string name;
    std::string type;
    std::optional<double> pre_activation;  // E[z^2]
    double second_moment = 0;              // of the output
    double correlation = 0;                // of the output, between two samples
    std::optional<double> gain;            // fan-in times E[w^2]
    std::optional<double> factor;          // of the squared gradient norm: from the next kernel layer's z to this one's
    double backward_decades = 0;           // |dL/d output| over the last kernel layer's |dL/dz|, log10
    std::optional<double> decades;         // |dL/dz| of a kernel layer, likewise
    double deviation = 0;                  // of decades, for a single sample at this width
    double expected_saturated = 0;
    double expected_dead = 0;
    std::optional<Time> time;
    friend bool operator==(const Layer&, const Layer&) = default;
  };
  std::vector<Layer> layers;        // of the flattened model, in its order
  std::vector<std::size_t> path;    // indices of those with a kernel on the longest way
  double total_decades = 0;         // first over last of the path
  double deviation = 0;             // of total_decades, for a single sample
  std::vector<std::string> doubts;  // why theory may be wrong here; empty: nothing speaks against it
  bool confident() const { return doubts.empty(); }
  friend bool operator==(const FlowPrediction&, const FlowPrediction&) = default;
};
FlowPrediction predict_flow(const Model& model, const FlowOptions& options = {});

// ---- A training run -----------------------------------------------------------------------------------------------

// One parameter at one step. Gradients are raw: before clipping.
struct ParameterStep {
  double gradient_norm = 0;
  double gradient_maximum = 0;
  double gradient_mean = 0;
  double zero_fraction = 0;
  double non_finite = 0;   // elements
  double weight_norm = 0;  // before the update
  double update_norm = 0;  // of the change, clipping included
  // Elements by floor(log2 |gradient|), from kFirstExponent on; empty when it was not recorded.
  std::vector<double> exponents;
  friend bool operator==(const ParameterStep&, const ParameterStep&) = default;
};
// Of ParameterStep::exponents: float32's exponent field 0, which holds what is below the normal range.
inline constexpr int kFirstExponent = -127;

// One layer's output at one step; absent where it makes no sense or was not recorded.
struct LayerStep {
  std::optional<double> second_moment;
  std::optional<double> variance_fraction;  // share of the second moment that differs from sample to sample
  std::optional<double> cosine;             // mean over pairs of samples
  std::optional<double> mean_slope;
  std::optional<double> mean_square_slope;
  std::optional<double> saturated;
  std::optional<double> dead;
  std::optional<double> gradient_norm;      // |dL/d output|
  std::vector<double> time_gradient_norms;  // recurrent layers: |dL/d state| at each time step, first to last
  double non_finite = 0;                    // elements of the output
  friend bool operator==(const LayerStep&, const LayerStep&) = default;
};

struct RunStep {
  std::int64_t iteration = 0;  // since the start of training
  int epoch = 0;
  double loss = 0;         // of the batch
  double global_norm = 0;  // of all raw gradients
  double clip_factor = 1;  // what clipping multiplied the gradients with
  double learning_rate = 0;
  std::optional<double> gradient_cosine;  // with the step before
  std::optional<double> sharpness;        // largest eigenvalue of the Hessian, where it was asked for
  std::vector<ParameterStep> parameters;  // as RunTrace::parameters; empty with statistics off
  std::vector<LayerStep> layers;          // as RunTrace::layers; empty below full statistics
  friend bool operator==(const RunStep&, const RunStep&) = default;
};

struct RunEpoch {
  int epoch = 0;
  std::vector<std::pair<std::string, double>> logs;  // "loss", metrics, then the same with "val_"
  friend bool operator==(const RunEpoch&, const RunEpoch&) = default;
};

struct RunParameter {
  std::string name;  // "dense_1/kernel"
  std::string layer;
  std::int64_t elements = 0;
  bool trainable = true;
  friend bool operator==(const RunParameter&, const RunParameter&) = default;
};

struct RunLayer {
  std::string name;
  std::string type;
  std::string activation;  // "" when the layer has none
  friend bool operator==(const RunLayer&, const RunLayer&) = default;
};

// Recorded numbers of a training. A plain value: rules read this and never a file. Steps need not be every step.
struct RunTrace {
  std::string model;
  std::string data;
  std::string loss;
  std::string optimizer;  // class name
  double momentum = 0;    // its momentum or first beta
  bool nesterov = false;
  bool adaptive = false;  // the optimizer rescales gradients
  double epsilon = 0;     // of an adaptive optimizer
  std::string clipping;   // "", "value", "norm", "global_norm"
  double clip_threshold = 0;
  std::int64_t batch_size = 0;
  std::int64_t steps_per_epoch = 0;
  std::vector<RunParameter> parameters;  // trainable ones, in the model's order
  std::vector<RunLayer> layers;
  std::vector<RunStep> steps;
  std::vector<RunEpoch> epochs;
  std::optional<Trace> start;  // the network at rest, before the first step
  friend bool operator==(const RunTrace&, const RunTrace&) = default;
};
// Everything but steps, epochs and start, from a compiled model.
RunTrace describe_run(const Model& model, std::string data, std::int64_t batch_size);

// What a finding says in one line, for progress output and logs: "warning gradient-spike at step 120, dense_1: ...".
std::string one_line(const Finding& finding);

// Judges a run by every rule that reads one, as above.
std::vector<Finding> examine(const RunTrace& run, std::vector<std::string>* silences = nullptr);

}  // namespace evenflow
