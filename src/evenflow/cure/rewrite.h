// Changes to a model's layers: where an activation acts, what initializes its kernel, layers put in behind another.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/cure/remedy.h"
#include "evenflow/model.h"
#include "evenflow/model/activation_function.h"

namespace evenflow {

// A kernel layer (dense, convolution) with what follows it up to its activation.
struct Site {
  std::string layer;
  std::string activation_layer;  // the layer itself, one behind it, or "" when no activation follows
  ActivationChoice activation;   // linear when none follows
  std::string normalization;     // the normalization layer between them or right behind, ""
  double keep_probability = 1;   // of a dropout between the layer in front and this one: what its inputs lost
  bool hidden = true;            // its output is not the model's
  bool is_protected = false;     // named in Case::keep
  Shape input;                   // of one sample
  Shape output;
};
// In the model's order. Layers of inner models are not listed: see inner_models().
std::vector<Site> sites(const Model& model, std::span<const std::string> keep = {});
// Those that a remedy for hidden layers may touch.
std::vector<Site> treatable(const Case& c);
// "the model 'encoder' inside of it": why layers cannot be changed; "" when they can.
std::string cannot_rewrite(const Model& model);

// Of the layer and of its further calls.
void set_config(Model& model, std::string_view layer, std::string_view key, const Json& value);
// Replaces whatever activation the site has. Layers of the activation alone become Activation layers.
void set_activation(Model& model, const Site& site, const Json& activation);
// Splits the site's activation off into a layer of its own, unless it is one or there is none; returns the name of the
// layer that ends the site.
std::string split_activation(Model& model, const Site& site);
// Puts a layer behind `layer`: whatever took its first output now takes the new one's. Returns the new name, which
// begins with `name`.
std::string insert_after(Model& model, std::string_view layer, Layer inserted, const std::string& name);
// Takes out a layer of one input.
void remove_layer(Model& model, std::string_view layer);
std::string free_name(const Model& model, const std::string& name);
// The layers that take the first output of `layer`.
std::vector<const Layer*> consumers(const Model& model, std::string_view layer);

// Variance of kernel times fan-in, and of the bias, for which a deep network of these activations keeps the size of
// its gradients, as Keras initializers.
struct Initialization {
  double weight_variance = 1;
  double bias_variance = 0;
  Json kernel;       // what Keras calls it: "he_normal", or VarianceScaling
  Json bias;         // "zeros", or RandomNormal
  std::string text;  // "he_normal", "variance 1.983 / fan-in, bias variance 0.173"
};
// Absent where no initializer can (sigmoid, softplus): theory, section 1.9. With dropout in front the variance is
// smaller by the keep probability (section 2.3).
std::optional<Initialization> critical_initialization(const ActivationChoice& activation, double keep_probability = 1);
Initialization scaled_initialization(double weight_variance, double bias_variance = 0);
void set_initialization(Model& model, std::string_view layer, const Initialization& initialization);
// By layer, what the kernel's initializer draws: fan-in times the variance of an element.
std::map<std::string, double> drawn_weight_variances(const Model& model);

// "in dense_3", "in 29 layers".
std::string in_layers(const std::vector<std::string>& names);

}  // namespace evenflow
