// Registry of layers: one file each in model/layers. Adding one costs that file and its test.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/graph.h"
#include "evenflow/model.h"
#include "evenflow/model/activation_function.h"

namespace evenflow {

class LayerBuilder;

inline constexpr int kAnyNumber = std::numeric_limits<int>::max();

struct LayerType {
  std::string_view id;       // Keras's class name
  std::string_view summary;  // one line for the catalogue
  // A JSON object with every configuration key that the layer reads and Keras's default; null where Keras's default
  // is null or the key is required. A key that is neither here nor common to all layers is an error, unless its value
  // is null or false.
  std::string_view defaults;
  int minimum_inputs = 1;
  int maximum_inputs = 1;  // kAnyNumber: no limit
  // Declares the layer's variables and adds its nodes; returns its output.
  ValueId (*build)(LayerBuilder& builder);
  // The mask of the first input becomes the output's (Keras's supports_masking), unless build sets another.
  bool passes_mask = false;
  // Rewrites the configuration of an older Keras to today's keys ("alpha" to "negative_slope").
  void (*upgrade)(Json& config, KerasVersion version) = nullptr;
};

// Sorted by id. Generated from the folder.
std::span<const LayerType* const> all_layers();
// Throws Error(unsupported) naming the nearest known layer.
const LayerType& layer_type(std::string_view id);

// What a layer's build function works with. All errors it throws name the layer.
class LayerBuilder {
 public:
  virtual ~LayerBuilder() = default;

  virtual Graph& graph() = 0;
  virtual std::span<const ValueId> inputs() const = 0;
  ValueId input() const { return inputs().front(); }
  Shape shape() { return graph().shape(input()); }  // of the first input, batch axis included
  std::int64_t batch() { return shape()[0]; }
  // (batch, time) of 0 (padding) and 1 that belongs to an input; absent when nothing is masked.
  virtual ValueId mask(std::size_t input = 0) const = 0;
  // The output's mask; an absent id ends masking here.
  virtual void set_mask(ValueId mask) = 0;
  // Adds an output after the one that build returns.
  virtual void also_output(ValueId value) = 0;
  virtual bool training() const = 0;   // dropout active, batch statistics in use
  virtual bool trainable() const = 0;  // the layer's own flag
  virtual const Model& model() const = 0;

  // Configuration with the defaults filled in. Throw Error(input) for a wrong type and for a missing required key.
  virtual const Json& config() const = 0;
  virtual std::int64_t integer(std::string_view key) const = 0;
  virtual double number(std::string_view key) const = 0;
  virtual bool flag(std::string_view key) const = 0;
  virtual std::string text(std::string_view key) const = 0;
  // A number or a list of `count` numbers, as Keras allows for strides and the like.
  virtual std::vector<std::int64_t> integers(std::string_view key, std::size_t count) const = 0;
  bool is_null(std::string_view key) const;
  [[noreturn]] virtual void unsupported(std::string_view key, std::string_view why) const = 0;
  [[noreturn]] virtual void wrong(std::string_view key, std::string_view what) const = 0;
  // Throws Error(shape): `what` the layer wants, and the shapes of its inputs.
  [[noreturn]] virtual void misfit(std::string_view what) const = 0;

  // A variable named as in Keras. Its initializer, regularizer and constraint are the configuration's
  // "<prefix>_initializer", "<prefix>_regularizer", "<prefix>_constraint", where prefix defaults to the variable.
  // `initializer` takes the place of the configuration's.
  virtual ValueId weight(std::string_view variable, const Shape& shape, bool trainable = true,
                         std::string_view prefix = {}, const Json& initializer = {}) = 0;

  // Penalizes the output as the regularizer, a Keras configuration, says.
  virtual void regularize_activity(const Json& regularizer) = 0;

  // Says that z is the pre-activation (the output of the layer's linear map), for the taps of the health room.
  virtual void pre_activation(ValueId z) = 0;
  // Applies the activation that the configuration has under `key`, and remembers it.
  virtual ValueId activate(ValueId z, std::string_view key = "activation") = 0;
  // Applies an activation given directly (LeakyReLU and other activation layers), and remembers it.
  virtual ValueId activate(ValueId z, const ActivationChoice& activation) = 0;

  // An argument of the call beside its tensors ("use_causal_mask"); null when it was not given.
  virtual const Json& argument(std::string_view key) const = 0;

  // Builds a layer inside of this one (a wrapper's), with variables named "<this>/<inner name>/<variable>". `inner` is
  // a Layer without connections; inner models are expanded.
  struct Inner {
    ValueId output;
    std::vector<ValueId> more_outputs;
    ValueId mask;
  };
  virtual Inner call(const Layer& inner, std::vector<ValueId> inputs, ValueId mask = {}) = 0;

  // For recurrent layers: the graph output into which the norms of dLoss/dstate go, empty when nobody asks.
  virtual std::string state_gradient_output(std::string_view state) const = 0;

  // A stream of random numbers of this layer's own.
  virtual std::uint64_t random_stream() = 0;
};

// Padding amounts for one axis: Keras's "valid" and "same" (spec C.1).
struct Padding {
  std::int64_t before = 0;
  std::int64_t after = 0;
};
Padding keras_padding(std::string_view mode, std::int64_t extent, std::int64_t kernel, std::int64_t stride,
                      std::int64_t dilation);

}  // namespace evenflow
