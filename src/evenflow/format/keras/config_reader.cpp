#include "evenflow/format/keras/config_reader.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evenflow/format/keras/context.h"
#include "evenflow/format/keras/functional_reader.h"
#include "evenflow/format/keras/layer_config.h"

namespace evenflow::keras {
namespace {

// The first layer's own input shape (Keras 2), or the one that the model was built with (Keras 3).
Json built_input_shape(const Json& json, const Json& config, const Json& first) {
  const Json& layer = optional_key(first, "config");
  for (const Json* shape :
       {&optional_key(layer, "batch_input_shape"), &optional_key(layer, "batch_shape"),
        &optional_key(config, "build_input_shape"), &optional_key(optional_key(json, "build_config"), "input_shape")}) {
    if (shape->is_array()) return *shape;
  }
  fail(ErrorKind::input,
       "the model has no input shape: it was saved before it was built; add keras.Input(shape) as its first layer");
}

void read_sequential(const Json& json, KerasVersion version, Model& model) {
  const Json& config = required_key(json, "config");
  // Keras before 2.2.3 wrote the bare list.
  const Json& entries = config.is_array() ? config : required_list(config, "layers");
  if (entries.empty()) fail(ErrorKind::input, "the model has no layers");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    model.layers.push_back(in_context(entry_text(entries[i], i), [&] { return read_any_layer(entries[i], version); }));
  }
  if (model.layers.front().type != "InputLayer") {
    Layer input{.type = "InputLayer", .name = "input_layer"};
    while (model.find(input.name) != nullptr) input.name += "_";
    input.config["batch_shape"] = built_input_shape(json, config, entries[0]);
    model.layers.insert(model.layers.begin(), std::move(input));
  }
  for (std::size_t i = 1; i < model.layers.size(); ++i) model.layers[i].inputs = {model.layers[i - 1].name};
  model.outputs = {model.layers.back().name};
}

}  // namespace

std::string entry_text(const Json& entry, std::size_t position) {
  const Json& own = optional_key(entry, "name");
  const Json& name = own.is_string() ? own : optional_key(optional_key(entry, "config"), "name");
  return name.is_string() ? fmt::format("layer '{}'", printable(name.get<std::string>()))
                          : fmt::format("layer {}", position);
}

bool is_model(std::string_view type) {
  return type == "Sequential" || type == "Functional" || type == "Model";
}

Layer read_any_layer(const Json& entry, KerasVersion version) {
  const std::string type = required_text(entry, "class_name");
  if (!is_model(type)) return read_layer(entry, version);
  const Model inner = read_model_config(entry, version);
  Layer layer{.type = inner.sequential ? "Sequential" : "Functional", .config = {{"model", to_json(inner)}}};
  const Json& config = required_key(entry, "config");
  layer.name = entry.contains("name") ? required_text(entry, "name") : inner.name;
  const Json& trainable = optional_key(config, "trainable");
  if (trainable.is_boolean()) layer.trainable = trainable.get<bool>();
  return layer;
}

KerasVersion parse_version(std::string_view text) {
  const std::vector<std::string> parts = split(text, '.');
  const auto number = [&](std::size_t part) {
    const std::string digits =
        part < parts.size() ? parts[part].substr(0, parts[part].find_first_not_of("0123456789")) : "";
    if (digits.empty() || digits.size() > 4) fail(ErrorKind::input, "'{}' is no version of Keras", printable(text));
    return static_cast<int>(parse_integer(digits, "keras_version"));
  };
  const KerasVersion version{number(0), number(1)};
  if (version.major < 2)
    fail(ErrorKind::unsupported, "Keras {} is too old; versions 2 and 3 are supported", printable(text));
  return version;
}

Model read_model_config(const Json& json, KerasVersion version) {
  const std::string type = required_text(json, "class_name");
  Model model{.name = "model", .keras = version};
  const Json& name = optional_key(required_key(json, "config"), "name");
  if (name.is_string()) model.name = name.get<std::string>();
  if (type == "Sequential") {
    read_sequential(json, version, model);
  } else if (type == "Functional" || type == "Model") {
    read_functional(json["config"], version, model);
  } else {
    fail(ErrorKind::unsupported, "the model's class is {}; supported are Sequential and Functional", printable(type));
  }
  return model;
}

}  // namespace evenflow::keras
