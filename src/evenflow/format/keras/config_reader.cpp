#include "evenflow/format/keras/config_reader.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "evenflow/format/keras/canonical_order.h"
#include "evenflow/format/keras/context.h"
#include "evenflow/format/keras/layer_config.h"

namespace evenflow::keras {
namespace {

// ---- Connections of functional models (A.4 of Keras's format) ------------------------------------------------

// The name in a reference [layer, node, tensor, ...]: the first call's only output.
std::string referred_layer(const Json& reference) {
  const bool fine = reference.is_array() && reference.size() >= 3 && reference[0].is_string() &&
                    reference[1].is_number_integer() && reference[2].is_number_integer();
  if (!fine) fail(ErrorKind::input, "a connection must be [layer, node, tensor], not {}", printable(reference.dump()));
  const auto name = reference[0].get<std::string>();
  if (reference[1] != 0) {
    fail(ErrorKind::unsupported, "takes the output of a later call of '{}'; shared layers are not supported",
         printable(name));
  }
  if (reference[2] != 0) {
    fail(ErrorKind::unsupported, "takes output {} of '{}'; layers with several outputs are not supported",
         reference[2].dump(), printable(name));
  }
  return name;
}

void check_call_arguments(const Json& arguments) {
  if (!arguments.is_object()) return;
  for (const auto& [key, value] : arguments.items()) {
    if (!value.is_null()) {
      fail(ErrorKind::unsupported, "is called with the argument {} = {}, which is not supported", printable(key),
           printable(value.dump()));
    }
  }
}

// Keras 3: {"args": [tensor] or [[tensor, tensor]], "kwargs": {...}}.
void collect_tensors(const Json& argument, std::vector<LayerOutput>& inputs) {
  if (argument.is_array()) {
    for (const Json& element : argument) collect_tensors(element, inputs);
  } else if (optional_key(argument, "class_name") == "__keras_tensor__") {
    inputs.push_back(referred_layer(required_key(required_key(argument, "config"), "keras_history")));
  } else {
    fail(ErrorKind::unsupported, "is called with {}, which is no tensor", printable(argument.dump()));
  }
}

// Keras 2: a list of [layer, node, tensor, arguments]; for a single input sometimes that list alone.
void collect_references(const Json& node, std::vector<LayerOutput>& inputs) {
  const bool single = !node.empty() && node[0].is_string();
  for (const Json& reference : single ? Json::array({node}) : node) {
    inputs.push_back(referred_layer(reference));
    if (reference.size() > 3) check_call_arguments(reference[3]);
  }
}

std::vector<LayerOutput> read_inputs(const Json& entry) {
  std::vector<LayerOutput> inputs;
  const Json& nodes = required_list(entry, "inbound_nodes");
  if (nodes.size() > 1) {
    fail(ErrorKind::unsupported, "is called {} times; shared layers are not supported", nodes.size());
  }
  for (const Json& node : nodes) {
    if (node.is_array()) {
      collect_references(node, inputs);
    } else {
      collect_tensors(required_list(node, "args"), inputs);
      check_call_arguments(optional_key(node, "kwargs"));
    }
  }
  return inputs;
}

// A nested structure whose leaves are references.
void collect_outputs(const Json& structure, std::vector<LayerOutput>& outputs) {
  if (structure.is_array() && !structure.empty() && structure[0].is_string()) {
    outputs.push_back(referred_layer(structure));
  } else if (structure.is_structured()) {
    for (const Json& part : structure) collect_outputs(part, outputs);
  } else {
    fail(ErrorKind::input, "output_layers must be made of [layer, node, tensor], not {}", printable(structure.dump()));
  }
}

// ---- Layers ---------------------------------------------------------------------------------------------------

std::string entry_text(const Json& entry, std::size_t position) {
  const Json& own = optional_key(entry, "name");
  const Json& name = own.is_string() ? own : optional_key(optional_key(entry, "config"), "name");
  return name.is_string() ? fmt::format("layer '{}'", printable(name.get<std::string>()))
                          : fmt::format("layer {}", position);
}

// `x + y` and `x * y` on Keras 3's symbolic tensors are recorded as operations, which do what the layers do when the
// shapes have the same number of axes.
bool is_operation(const Json& entry) {
  const Json& module = optional_key(entry, "module");
  return module.is_string() && module.get<std::string>().starts_with("keras.src.ops");
}

Layer read_functional_layer(const Json& entry, KerasVersion version) {
  const std::string type = required_text(entry, "class_name");
  if (is_operation(entry) && type != "Add" && type != "Multiply") {
    fail(ErrorKind::unsupported, "the operation {} is not supported; known are Add and Multiply", printable(type));
  }
  // In front of the layer's own checks: a shared layer may be of a type that is unknown, too.
  std::vector<LayerOutput> inputs = read_inputs(entry);
  Layer layer = read_layer(entry, version);
  layer.inputs = std::move(inputs);
  return layer;
}

void read_functional(const Json& config, KerasVersion version, Model& model) {
  model.sequential = false;
  const Json& entries = required_list(config, "layers");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    model.layers.push_back(
        in_context(entry_text(entries[i], i), [&] { return read_functional_layer(entries[i], version); }));
  }
  collect_outputs(required_key(config, "output_layers"), model.outputs);
  model.layers = canonical_order(std::move(model.layers), model.outputs);
}

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
    model.layers.push_back(in_context(entry_text(entries[i], i), [&] { return read_layer(entries[i], version); }));
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
