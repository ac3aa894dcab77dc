// Model: a network as data, in Keras's vocabulary. A plain value: nothing here computes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evenflow/json.h"
#include "evenflow/tensor.h"

namespace evenflow {

// A tensor of a model: output `index` of the layer of that name. Most layers have one output.
struct LayerOutput {
  std::string layer;
  int index = 0;
  LayerOutput() = default;
  LayerOutput(std::string name, int output = 0) : layer(std::move(name)), index(output) {}  // NOLINT: reads like a name
  LayerOutput(const char* name) : layer(name) {}                                            // NOLINT: reads like a name
  friend bool operator==(const LayerOutput&, const LayerOutput&) = default;
};
// "lstm" or "lstm:1".
std::string to_string(const LayerOutput& source);

// One call of a layer: its Keras class name, a name of its own, its configuration (Keras's keys; absent keys take
// Keras's defaults) and the tensors that it takes, in order (none only for InputLayer).
//
// A layer that is called more than once stands here once per call: the first call has the layer's name, the others have
// names of their own, the same type and configuration, and the first call's name in `shares`.
//
// A model inside of the model is a layer of type "Sequential" or "Functional" with the configuration
// {"model": to_json(model)}; its inputs are the inner model's, in order. See flattened().
struct Layer {
  std::string type;
  std::string name;
  Json config = Json::object();
  std::vector<LayerOutput> inputs;
  bool trainable = true;
  std::string shares;               // name of the earlier call whose weights this one uses; empty: has its own
  Json arguments = Json::object();  // of the call, beside tensors: {"use_causal_mask": true}
  friend bool operator==(const Layer&, const Layer&) = default;
};

// A Keras object given by class name and configuration: an optimizer, a loss, a metric, a schedule.
struct Item {
  std::string type;
  Json config = Json::object();
  friend bool operator==(const Item&, const Item&) = default;
};

// What one output of a model is judged by.
struct OutputSettings {
  Item loss;                  // type is the loss's Keras function name, e.g. "mean_squared_error"; empty: none
  double weight = 1.0;        // of the loss in the sum
  std::vector<Item> metrics;  // as given, e.g. "accuracy"
  friend bool operator==(const OutputSettings&, const OutputSettings&) = default;
};

struct CompileSettings {
  // Optimizer class name and Keras 3 configuration keys, clipping (clipnorm, global_clipnorm, clipvalue) and
  // weight_decay included. learning_rate is a number or a schedule object {"class_name", "config"}.
  Item optimizer{"SGD", Json::object()};
  // Of every output, unless `outputs` has an entry for each, in the order of Model::outputs.
  Item loss = {};
  std::vector<Item> metrics = {};
  std::vector<OutputSettings> outputs = {};

  OutputSettings of_output(std::size_t index) const;
  bool has_loss() const;  // of at least one output
  friend bool operator==(const CompileSettings&, const CompileSettings&) = default;
};

// How the softmax/sigmoid output meets cross-entropy (spec: the backends of Keras differ).
enum class CrossEntropyPath : std::uint8_t {
  fused,    // through the logits: stable, gradient p - y; what TensorFlow users observe
  clipped,  // probabilities clipped to [1e-7, 1 - 1e-7]: JAX, PyTorch, NumPy backends
};

// Where the file's spellings and defaults come from; layers and optimizers of Keras 2 differ in places.
struct KerasVersion {
  int major = 3;
  int minor = 0;
  friend bool operator==(const KerasVersion&, const KerasVersion&) = default;
};

struct Model {
  std::string name = "model";
  std::vector<Layer> layers;        // every layer after the layers it takes its inputs from
  std::vector<std::string> inputs;  // InputLayers in the order in which data is given; empty: as they stand in `layers`
  std::vector<LayerOutput> outputs;
  bool sequential = true;  // written as keras.Sequential
  std::optional<CompileSettings> compile;
  CrossEntropyPath cross_entropy = CrossEntropyPath::fused;
  KerasVersion keras;

  friend bool operator==(const Model&, const Model&) = default;

  const Layer* find(std::string_view name) const;
  Layer* find(std::string_view name);
};

Json to_json(const Model& model);
Model model_from_json(const Json& json);  // throws Error(input)

// Names of the InputLayers in the order in which data is given.
std::vector<std::string> input_names(const Model& model);

// The model with the layers of its inner models in their place, named "inner/dense"; everything that computes or
// measures works on this form. A model without inner models comes back as it is.
Model flattened(Model model);

// Checks names, connections, keys and shapes by building the graph for one sample. Throws Error naming the layer.
void validate(const Model& model);

// A variable of a layer: "dense_1/kernel".
struct ParameterInfo {
  std::string name;  // layer + "/" + variable
  std::string layer;
  std::string variable;  // "kernel", "bias", "gamma", ... as in Keras
  Shape shape;
  bool trainable = true;
  Item initializer;
  Item regularizer;  // type empty: none
  Item constraint;   // type empty: none
  friend bool operator==(const ParameterInfo&, const ParameterInfo&) = default;
};
// In Keras's order: layer by layer, a layer's variables in the order in which Keras stores them.
std::vector<ParameterInfo> parameters(const Model& model);
std::int64_t parameter_count(const Model& model);

// Shapes of one sample, without the batch axis: of each input and each output. In an input's shape 0 stands for an axis
// of any length (Keras's None); `samples`, one per input, says which length is meant.
std::vector<Shape> input_shapes(const Model& model);
std::vector<Shape> output_shapes(const Model& model, std::span<const Shape> samples = {});
// Of the first.
Shape input_shape(const Model& model);
Shape output_shape(const Model& model);

// Tensors by name, in insertion order.
class Weights {
 public:
  void set(std::string name, Tensor value);
  const Tensor* find(std::string_view name) const;
  Tensor* find(std::string_view name);
  Tensor& at(std::string_view name);  // throws Error(usage)
  const Tensor& at(std::string_view name) const;
  std::span<const std::pair<std::string, Tensor>> entries() const { return entries_; }
  std::size_t size() const { return entries_.size(); }
  friend bool operator==(const Weights&, const Weights&) = default;

 private:
  std::vector<std::pair<std::string, Tensor>> entries_;
};

// Fresh weights by each variable's initializer: a function of (model, seed) alone.
Weights initialize(const Model& model, std::uint64_t seed);

// A model with what belongs to it, as files hold it.
struct SavedModel {
  Model model;
  Weights weights;
  // Slots by "<parameter>/<slot>", e.g. "dense/kernel/momentum"; empty when the file has none.
  Weights optimizer_slots;
  std::uint64_t iterations = 0;
};

// ---- Writing models in C++ ------------------------------------------------------------------------------------

// A layer of any registered type; names are given when the model is made ("dense", "dense_1", ...).
Layer layer(std::string type, Json config = Json::object());

struct Input {
  std::vector<std::int64_t> shape;  // of one sample
  operator Layer() const;           // NOLINT(google-explicit-constructor): reads like Keras
};
struct Dense {
  std::int64_t units;
  std::string activation = "linear";
  std::string kernel_initializer = "glorot_uniform";
  std::string bias_initializer = "zeros";
  bool use_bias = true;
  std::string name = {};
  operator Layer() const;  // NOLINT(google-explicit-constructor)
};
struct Conv2D {
  std::int64_t filters;
  std::vector<std::int64_t> kernel_size;  // one number or two
  std::vector<std::int64_t> strides = {1, 1};
  std::string padding = "valid";
  std::string activation = "linear";
  std::string kernel_initializer = "glorot_uniform";
  bool use_bias = true;
  std::string name = {};
  operator Layer() const;  // NOLINT(google-explicit-constructor)
};
struct MaxPooling2D {
  std::vector<std::int64_t> pool_size = {2, 2};
  std::string padding = "valid";
  operator Layer() const;  // NOLINT(google-explicit-constructor)
};
struct Flatten {
  operator Layer() const;  // NOLINT(google-explicit-constructor)
};
struct Dropout {
  double rate;
  operator Layer() const;  // NOLINT(google-explicit-constructor)
};
struct BatchNormalization {
  double momentum = 0.99;
  double epsilon = 1e-3;
  operator Layer() const;  // NOLINT(google-explicit-constructor)
};
struct Activation {
  std::string activation;
  operator Layer() const;  // NOLINT(google-explicit-constructor)
};

// Chains the layers and names them as Keras does. Throws Error when they do not fit together.
Model sequential(std::vector<Layer> layers, std::string name = "sequential");

// Optimizers with Keras's names and defaults. At most one of the three clippings may be set.
struct SGD {
  double learning_rate = 0.01;
  double momentum = 0.0;
  bool nesterov = false;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};         // each variable's gradient to this L2 norm
  std::optional<double> global_clipnorm = {};  // all gradients together to this L2 norm
  std::optional<double> clipvalue = {};        // each element to [-clipvalue, clipvalue]
  operator Item() const;                       // NOLINT(google-explicit-constructor)
};
struct Adam {
  double learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  bool amsgrad = false;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> global_clipnorm = {};
  std::optional<double> clipvalue = {};
  operator Item() const;  // NOLINT(google-explicit-constructor)
};
struct AdamW {
  double learning_rate = 0.001;
  double weight_decay = 0.004;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  std::optional<double> clipnorm = {};
  std::optional<double> global_clipnorm = {};
  std::optional<double> clipvalue = {};
  operator Item() const;  // NOLINT(google-explicit-constructor)
};
struct RMSprop {
  double learning_rate = 0.001;
  double rho = 0.9;
  double momentum = 0.0;
  double epsilon = 1e-7;
  bool centered = false;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> global_clipnorm = {};
  std::optional<double> clipvalue = {};
  operator Item() const;  // NOLINT(google-explicit-constructor)
};
struct Adagrad {
  double learning_rate = 0.001;
  double initial_accumulator_value = 0.1;
  double epsilon = 1e-7;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> global_clipnorm = {};
  std::optional<double> clipvalue = {};
  operator Item() const;  // NOLINT(google-explicit-constructor)
};

}  // namespace evenflow
