#include "evenflow/format/keras/config_reader.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evenflow/format/keras/canonical_order.h"
#include "evenflow/format/keras/context.h"
#include "evenflow/format/keras/layer_config.h"

namespace evenflow::keras {
namespace {

// ---- Connections of functional models (A.4 of Keras's format) ------------------------------------------------

// One tensor: output `tensor` of the call `node` of a layer.
struct Reference {
  std::string layer;
  std::int64_t node;
  std::int64_t tensor;
};

bool is_reference(const Json& json) {
  return json.is_array() && json.size() >= 3 && json[0].is_string() && json[1].is_number_integer() &&
         json[2].is_number_integer();
}

Reference reference_from(const Json& json) {
  if (!is_reference(json)) {
    fail(ErrorKind::input, "a connection must be [layer, node, tensor], not {}", printable(json.dump()));
  }
  return {json[0].get<std::string>(), json[1].get<std::int64_t>(), json[2].get<std::int64_t>()};
}

// What one call of a layer takes.
struct Call {
  std::vector<Reference> inputs;
  Json arguments = Json::object();
};

// How a file says "this tensor": Keras 3's objects or Keras 2's lists.
bool is_tensor(const Json& json, bool keras_3) {
  return keras_3 ? optional_key(json, "class_name") == "__keras_tensor__" : is_reference(json);
}

Reference tensor_from(const Json& json, bool keras_3) {
  return reference_from(keras_3 ? required_key(required_key(json, "config"), "keras_history") : json);
}

bool holds_tensors(const Json& json, bool keras_3) {
  if (is_tensor(json, keras_3)) return true;
  return json.is_array() &&
         std::any_of(json.begin(), json.end(), [&](const Json& one) { return holds_tensors(one, keras_3); });
}

void collect_tensors(const Json& argument, bool keras_3, std::vector<Reference>& inputs) {
  if (is_tensor(argument, keras_3)) {
    inputs.push_back(tensor_from(argument, keras_3));
  } else if (argument.is_array()) {
    for (const Json& element : argument) collect_tensors(element, keras_3, inputs);
  } else if (!argument.is_null()) {
    fail(ErrorKind::unsupported, "is called with {}, which is no tensor", printable(argument.dump()));
  }
}

// Tensors by name become further inputs in the order of the layer's own arguments; masks are not read: they follow from
// the layers that make them.
void collect_named(const Json& arguments, bool keras_3, Call& call) {
  if (!arguments.is_object()) return;
  for (const char* key : {"value", "key", "initial_state"}) {
    const Json& argument = optional_key(arguments, key);
    if (holds_tensors(argument, keras_3)) collect_tensors(argument, keras_3, call.inputs);
  }
  for (const auto& [key, value] : arguments.items()) {
    if (value.is_null() || key == "mask") continue;
    if (!holds_tensors(value, keras_3)) {
      call.arguments[key] = value;
    } else if (key != "value" && key != "key" && key != "initial_state") {
      fail(ErrorKind::unsupported, "is called with a tensor as {}, which is not supported", printable(key));
    }
  }
}

Call read_call(const Json& node) {
  Call call;
  if (!node.is_array()) {
    collect_tensors(required_list(node, "args"), true, call.inputs);
    collect_named(optional_key(node, "kwargs"), true, call);
    return call;
  }
  // Keras 2: a list of [layer, node, tensor, arguments]; for a single input sometimes that list alone.
  const bool single = !node.empty() && node[0].is_string();
  for (const Json& reference : single ? Json::array({node}) : node) {
    call.inputs.push_back(reference_from(reference));
    if (reference.size() > 3) collect_named(reference[3], false, call);
  }
  return call;
}

// A nested structure whose leaves are references.
void collect_references(const Json& structure, std::string_view key, std::vector<Reference>& references) {
  if (structure.is_array() && !structure.empty() && structure[0].is_string()) {
    references.push_back(reference_from(structure));
  } else if (structure.is_structured()) {
    for (const Json& part : structure) collect_references(part, key, references);
  } else {
    fail(ErrorKind::input, "{} must be made of [layer, node, tensor], not {}", key, printable(structure.dump()));
  }
}

// ---- Layers ---------------------------------------------------------------------------------------------------

std::string entry_text(const Json& entry, std::size_t position) {
  const Json& own = optional_key(entry, "name");
  const Json& name = own.is_string() ? own : optional_key(optional_key(entry, "config"), "name");
  return name.is_string() ? fmt::format("layer '{}'", printable(name.get<std::string>()))
                          : fmt::format("layer {}", position);
}

bool is_model(std::string_view type) {
  return type == "Sequential" || type == "Functional" || type == "Model";
}

// `x + y` and the like on Keras 3's symbolic tensors are recorded as operations, which do what the layers do when the
// shapes have the same number of axes.
bool is_operation(const Json& entry) {
  const Json& module = optional_key(entry, "module");
  return module.is_string() && module.get<std::string>().starts_with("keras.src.ops");
}

class FunctionalReader {
 public:
  FunctionalReader(const Json& config, KerasVersion version, Model& model)
      : config_(config), version_(version), model_(model) {}

  void read() {
    model_.sequential = false;
    const Json& entries = required_list(config_, "layers");
    for (std::size_t i = 0; i < entries.size(); ++i) {
      in_context(entry_text(entries[i], i), [&] { add(entries[i]); });
    }
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      for (const Reference& input : calls_[i].inputs) {
        in_context(fmt::format("layer '{}'", printable(layers_[i].name)),
                   [&] { layers_[i].inputs.push_back(resolve(input, false)); });
      }
    }
    model_.outputs = resolve_all("output_layers");
    layers_ = canonical_order(std::move(layers_), model_.outputs);
    const std::vector<LayerOutput> inputs = resolve_all("input_layers");
    rename();
    model_.layers = std::move(layers_);
    // The order of `layers` says it all for a single input.
    for (const LayerOutput& input : inputs) {
      if (inputs.size() > 1 && model_.find(input.layer) != nullptr) model_.inputs.push_back(input.layer);
    }
  }

 private:
  void add(const Json& entry) {
    const std::string type = required_text(entry, "class_name");
    static constexpr std::array<std::string_view, 5> kKnown = {"Add", "Multiply", "Subtract", "Maximum", "Minimum"};
    if (is_operation(entry) && std::find(kKnown.begin(), kKnown.end(), type) == kKnown.end()) {
      operations_[required_text(entry, "name")] = type;  // fine if only masks come from it
      return;
    }
    const Json& nodes = required_list(entry, "inbound_nodes");
    std::vector<Call> calls;
    for (const Json& node : nodes) calls.push_back(read_call(node));
    if (calls.empty()) calls.emplace_back();  // an InputLayer
    Layer layer = read_any_layer(entry, version_);
    for (std::size_t node = 0; node < calls.size(); ++node) {
      Layer call = layer;
      call.arguments = std::move(calls[node].arguments);
      if (node > 0) {
        // A name that no layer can have, until rename().
        call.name = fmt::format("{}\n{}", layer.name, node);
        call.shares = layer.name;
      }
      nodes_[layer.name].push_back(call.name);
      layers_.push_back(std::move(call));
      calls_.push_back(std::move(calls[node]));
    }
    if (is_model(type)) models_[layer.name] = type;
  }

  // Keras counts the calls of inner models from 1 in places: Keras 2 everywhere, Keras 3 where a model's own outputs
  // are those of an inner functional model.
  LayerOutput resolve(const Reference& reference, bool model_output) const {
    const auto found = nodes_.find(reference.layer);
    const auto operation = operations_.find(reference.layer);
    if (operation != operations_.end()) {
      fail(ErrorKind::unsupported,
           "takes the result of the operation {}, which is not supported; known are Add, "
           "Multiply, Subtract, Maximum and Minimum",
           printable(operation->second));
    }
    if (found == nodes_.end()) return {reference.layer, static_cast<int>(reference.tensor)};  // named later
    const auto model = models_.find(reference.layer);
    const bool from_one =
        model != models_.end() && (version_.major == 2 || (model_output && model->second == "Functional"));
    const std::int64_t node = from_one && reference.node > 0 ? reference.node - 1 : reference.node;
    if (node < 0 || node >= static_cast<std::int64_t>(found->second.size()) || reference.tensor < 0 ||
        reference.tensor > std::numeric_limits<int>::max()) {
      fail(ErrorKind::input, "takes tensor {} of call {} of '{}', which is called {} time{}", reference.tensor,
           reference.node, printable(reference.layer), found->second.size(), found->second.size() == 1 ? "" : "s");
    }
    return {found->second[static_cast<std::size_t>(node)], static_cast<int>(reference.tensor)};
  }

  std::vector<LayerOutput> resolve_all(const char* key) const {
    std::vector<Reference> references;
    collect_references(required_key(config_, key), key, references);
    std::vector<LayerOutput> outputs;
    for (const Reference& reference : references) outputs.push_back(resolve(reference, true));
    return outputs;
  }

  // The first call of a layer in order gets its name and its weights, the others "name_call_2" and so on.
  void rename() {
    std::map<std::string, std::string, std::less<>> names;
    std::map<std::string, int> counts;
    for (Layer& call : layers_) {
      const std::string layer = call.shares.empty() ? call.name : call.shares;
      const int count = ++counts[layer];
      std::string name = layer;
      for (int i = count; count > 1 && nodes_.contains(name = fmt::format("{}_call_{}", layer, i));) ++i;
      names[call.name] = name;
      call.shares = count > 1 ? layer : "";
      call.name = name;
    }
    const auto renamed = [&](LayerOutput& output) {
      const auto found = names.find(output.layer);
      if (found != names.end()) output.layer = found->second;
    };
    for (Layer& call : layers_) std::for_each(call.inputs.begin(), call.inputs.end(), renamed);
    std::for_each(model_.outputs.begin(), model_.outputs.end(), renamed);
  }

  const Json& config_;
  KerasVersion version_;
  Model& model_;
  std::vector<Layer> layers_;                                           // calls
  std::vector<Call> calls_;                                             // what each takes, as the file has it
  std::map<std::string, std::vector<std::string>, std::less<>> nodes_;  // names of a layer's calls
  std::map<std::string, std::string, std::less<>> operations_;          // what was not read: class of each
  std::map<std::string, std::string, std::less<>> models_;              // class of each inner model
};

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
    FunctionalReader(json["config"], version, model).read();
  } else {
    fail(ErrorKind::unsupported, "the model's class is {}; supported are Sequential and Functional", printable(type));
  }
  return model;
}

}  // namespace evenflow::keras
