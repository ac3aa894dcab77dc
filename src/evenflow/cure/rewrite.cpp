#include "evenflow/cure/rewrite.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "evenflow/base/text.h"
#include "evenflow/model/initializer_type.h"
#include "evenflow/model/lowering.h"

namespace evenflow {
namespace {

template <std::size_t N>
bool is_one_of(std::string_view word, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

bool is_kernel_layer(const Layer& layer) {
  constexpr std::string_view kTypes[] = {"Dense", "Conv1D", "Conv2D"};
  return is_one_of(layer.type, kTypes);
}

bool is_activation_layer(const Layer& layer) {
  constexpr std::string_view kTypes[] = {"Activation", "ReLU", "LeakyReLU", "ELU", "PReLU"};
  return is_one_of(layer.type, kTypes);
}

bool is_normalization(const Layer& layer) {
  constexpr std::string_view kTypes[] = {"BatchNormalization", "LayerNormalization", "GroupNormalization",
                                         "RMSNormalization"};
  return is_one_of(layer.type, kTypes);
}

bool is_dropout(const Layer& layer) {
  constexpr std::string_view kTypes[] = {"Dropout", "SpatialDropout1D", "SpatialDropout2D", "AlphaDropout"};
  return is_one_of(layer.type, kTypes);
}

// Layers through which a signal goes without being changed in kind.
bool passes(const Layer& layer) {
  constexpr std::string_view kTypes[] = {"Identity",
                                         "Flatten",
                                         "Reshape",
                                         "MaxPooling1D",
                                         "MaxPooling2D",
                                         "AveragePooling1D",
                                         "AveragePooling2D",
                                         "GaussianNoise",
                                         "GaussianDropout",
                                         "GlobalMaxPooling2D",
                                         "GlobalAveragePooling2D"};
  return is_one_of(layer.type, kTypes) || is_dropout(layer);
}

bool is_output(const Model& model, std::string_view layer) {
  return std::any_of(model.outputs.begin(), model.outputs.end(),
                     [&](const LayerOutput& output) { return output.layer == layer; });
}

bool has_further_calls(const Model& model, const Layer& layer) {
  return !layer.shares.empty() || std::any_of(model.layers.begin(), model.layers.end(),
                                              [&](const Layer& other) { return other.shares == layer.name; });
}

// Does the output of `layer` reach the model's output without another kernel layer?
bool reaches_output(const Model& model, const std::string& layer) {
  if (is_output(model, layer)) return true;
  for (const Layer* consumer : consumers(model, layer)) {
    const bool through = is_activation_layer(*consumer) || is_normalization(*consumer) || passes(*consumer) ||
                         consumer->type == "Softmax";
    if (through && reaches_output(model, consumer->name)) return true;
  }
  return false;
}

// What follows the layer: normalization, activation.
void follow(const Model& model, Site& site) {
  const Layer* layer = model.find(site.layer);
  site.activation = choose_activation(layer->config.value("activation", Json()), model.keras.major);
  if (site.activation.name != "linear") site.activation_layer = site.layer;
  while (true) {
    if (is_output(model, layer->name)) return;
    const std::vector<const Layer*> next = consumers(model, layer->name);
    if (next.size() != 1 || next.front()->inputs.size() != 1) return;
    layer = next.front();
    if (is_normalization(*layer)) {
      site.normalization = layer->name;
    } else if (is_activation_layer(*layer) && site.activation_layer.empty()) {
      site.activation_layer = layer->name;
      site.activation = layer->type == "Activation"
                            ? choose_activation(layer->config.value("activation", Json()), model.keras.major)
                            : choose_activation({{"class_name", layer->type == "PReLU" ? "LeakyReLU" : layer->type},
                                                 {"config", layer->config}});
    } else if (!passes(*layer)) {
      return;
    }
  }
}

double keep_probability_in_front(const Model& model, const Layer& layer) {
  for (const Layer* at = &layer; at->inputs.size() == 1;) {
    at = model.find(at->inputs.front().layer);
    if (at == nullptr) return 1;
    if (at->type == "Dropout") return 1 - at->config.value("rate", 0.0);
    if (!passes(*at)) return 1;
  }
  return 1;
}

Shape without_batch(const Shape& shape) {
  return shape.slice(1, shape.rank());
}

std::map<std::string, Shape> sample_shapes_of(const Model& model) {
  const Lowered lowered = lower(model, {});
  std::map<std::string, Shape> shapes;
  for (const LoweredLayer& layer : lowered.layers)
    shapes[layer.name] = without_batch(lowered.graph.shape(layer.output));
  return shapes;
}

Json variance_scaling(double scale) {
  return {{"class_name", "VarianceScaling"},
          {"config", {{"scale", scale}, {"mode", "fan_in"}, {"distribution", "truncated_normal"}}}};
}

}  // namespace

std::string cannot_rewrite(const Model& model) {
  for (const Layer& layer : model.layers) {
    if (layer.config.is_object() && layer.config.contains("model")) {
      return fmt::format("'{}' is a model inside of the model, and evenflow does not rewrite those", layer.name);
    }
  }
  return {};
}

std::vector<Site> sites(const Model& model, std::span<const std::string> keep) {
  std::vector<Site> result;
  const std::map<std::string, Shape> shapes = sample_shapes_of(model);
  for (const Layer& layer : model.layers) {
    if (!is_kernel_layer(layer) || has_further_calls(model, layer)) continue;
    Site& site = result.emplace_back();
    site.layer = layer.name;
    follow(model, site);
    site.hidden = !reaches_output(model, layer.name);
    site.keep_probability = keep_probability_in_front(model, layer);
    site.input = shapes.at(layer.inputs.front().layer);
    site.output = shapes.at(layer.name);
    const auto named = [&](const std::string& name) { return name == site.layer || name == site.activation_layer; };
    site.is_protected = std::any_of(keep.begin(), keep.end(), named) || !layer.trainable;
  }
  return result;
}

std::vector<Site> treatable(const Case& c) {
  if (!cannot_rewrite(c.recipe.model).empty()) return {};
  std::vector<Site> result = sites(c.recipe.model, c.keep);
  std::erase_if(result, [](const Site& site) { return !site.hidden || site.is_protected || site.activation.row_wise; });
  return result;
}

void set_config(Model& model, std::string_view layer, std::string_view key, const Json& value) {
  for (Layer& one : model.layers) {
    if (one.name == layer || one.shares == layer) one.config[std::string(key)] = value;
  }
}

void set_activation(Model& model, const Site& site, const Json& activation) {
  if (site.activation_layer.empty() || site.activation_layer == site.layer) {
    set_config(model, site.layer, "activation", activation);
    return;
  }
  Layer& layer = *model.find(site.activation_layer);
  layer.type = "Activation";
  layer.config = {{"activation", activation}};
}

std::string split_activation(Model& model, const Site& site) {
  if (site.activation_layer.empty()) return site.layer;
  if (site.activation_layer != site.layer) return site.activation_layer;
  Layer& layer = *model.find(site.layer);
  const Json activation = layer.config["activation"];
  layer.config["activation"] = "linear";
  return insert_after(model, site.layer, evenflow::layer("Activation", {{"activation", activation}}),
                      site.layer + "_activation");
}

std::string insert_after(Model& model, std::string_view layer, Layer inserted, const std::string& name) {
  inserted.name = free_name(model, name);
  const auto rewire = [&](LayerOutput& source) {
    if (source.layer == layer && source.index == 0) source.layer = inserted.name;
  };
  for (Layer& one : model.layers) std::for_each(one.inputs.begin(), one.inputs.end(), rewire);
  std::for_each(model.outputs.begin(), model.outputs.end(), rewire);
  inserted.inputs.insert(inserted.inputs.begin(), LayerOutput(std::string(layer)));
  const auto at =
      std::find_if(model.layers.begin(), model.layers.end(), [&](const Layer& one) { return one.name == layer; });
  if (inserted.inputs.size() > 1) model.sequential = false;
  return model.layers.insert(at + 1, std::move(inserted))->name;
}

void remove_layer(Model& model, std::string_view layer) {
  const auto at =
      std::find_if(model.layers.begin(), model.layers.end(), [&](const Layer& one) { return one.name == layer; });
  const LayerOutput source = at->inputs.front();
  model.layers.erase(at);
  const auto rewire = [&](LayerOutput& input) {
    if (input.layer == layer) input = source;
  };
  for (Layer& one : model.layers) std::for_each(one.inputs.begin(), one.inputs.end(), rewire);
  std::for_each(model.outputs.begin(), model.outputs.end(), rewire);
}

std::string free_name(const Model& model, const std::string& name) {
  std::string result = name;
  for (int i = 1; model.find(result) != nullptr; ++i) result = fmt::format("{}_{}", name, i);
  return result;
}

std::vector<const Layer*> consumers(const Model& model, std::string_view layer) {
  std::vector<const Layer*> result;
  for (const Layer& one : model.layers) {
    if (std::any_of(one.inputs.begin(), one.inputs.end(), [&](const LayerOutput& in) { return in.layer == layer; })) {
      result.push_back(&one);
    }
  }
  return result;
}

Initialization scaled_initialization(double weight_variance, double bias_variance) {
  Initialization result{.weight_variance = weight_variance, .bias_variance = bias_variance};
  if (weight_variance == 1) {
    result.kernel = "lecun_normal";
  } else if (weight_variance == 2) {
    result.kernel = "he_normal";
  } else {
    result.kernel = variance_scaling(weight_variance);
  }
  result.text = result.kernel.is_string() ? result.kernel.get<std::string>()
                                          : fmt::format("variance {:.4g} / fan-in", weight_variance);
  if (bias_variance == 0) {
    result.bias = "zeros";
  } else {
    result.bias = {{"class_name", "RandomNormal"}, {"config", {{"mean", 0.0}, {"stddev", std::sqrt(bias_variance)}}}};
    result.text += fmt::format(" and bias variance {:.4g}", bias_variance);
  }
  return result;
}

// Theory, section 1.9.
std::optional<Initialization> critical_initialization(const ActivationChoice& activation, double keep_probability) {
  const std::string_view name = activation.name;
  const double slope = static_cast<double>(activation.parameters.values[0]);
  const auto scaled = [&](double weights, double biases = 0) {
    return scaled_initialization(weights * keep_probability, biases);
  };
  if (name == "linear" || name == "selu") return scaled(1);
  if (name == "relu" || name == "relu6") return scaled(2 / (1 + slope * slope));
  if (name == "leaky_relu") return scaled(2 / (1 + slope * slope));
  if (name == "tanh") return scaled(1.760955, 0.05);
  if (name == "hard_tanh" || name == "softsign") return scaled(1);
  if (name == "elu") return scaled(1.511058, 0.04);
  if (name == "gelu") return scaled(1.98305826, 0.17292239);
  if (name == "silu") return scaled(1.98800468, 0.55514317);
  return std::nullopt;
}

void set_initialization(Model& model, std::string_view layer, const Initialization& initialization) {
  set_config(model, layer, "kernel_initializer", initialization.kernel);
  const bool wants_bias = initialization.bias_variance > 0;
  const Layer& changed = *model.find(layer);
  if (wants_bias || changed.config.value("bias_initializer", Json("zeros")) != Json("zeros")) {
    set_config(model, layer, "bias_initializer", initialization.bias);
  }
}

std::map<std::string, double> drawn_weight_variances(const Model& model) {
  std::map<std::string, double> result;
  for (const ParameterInfo& parameter : parameters(model)) {
    if (parameter.variable != "kernel") continue;
    const InitializerType& type = initializer_type(parameter.initializer.type);
    result[parameter.layer] = fans(parameter.shape).in * type.variance(parameter.shape, parameter.initializer.config);
  }
  return result;
}

std::string in_layers(const std::vector<std::string>& names) {
  return names.size() == 1 ? "in " + names.front() : fmt::format("in {} layers", names.size());
}

}  // namespace evenflow
