#include "evenflow/report/keras_code.h"

#include <algorithm>
#include <cctype>

#include "evenflow/base/text.h"
#include "evenflow/model/layer_type.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow {
namespace {

std::string python(const Json& value, std::string_view key);

std::string arguments(const Json& config) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : config.items()) {
    if (!value.is_null() && key != "name") parts.push_back(key + "=" + python(value, key));
  }
  return join(parts);
}

// The module of a serialized object, from the key that holds it.
std::string_view module_of(std::string_view key) {
  if (key.ends_with("initializer")) return "keras.initializers.";
  if (key.ends_with("regularizer")) return "keras.regularizers.";
  if (key.ends_with("constraint")) return "keras.constraints.";
  if (key == "learning_rate") return "keras.optimizers.schedules.";
  return "keras.layers.";
}

std::string python(const Json& value, std::string_view key) {
  if (value.is_null()) return "None";
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  if (value.is_string()) return '"' + printable(value.get<std::string>()) + '"';
  if (value.is_array()) {
    std::vector<std::string> parts;
    for (const Json& element : value) parts.push_back(python(element, key));
    return "[" + join(parts) + "]";
  }
  if (value.is_object() && value.contains("class_name")) {
    const Json config = value.contains("config") ? value["config"] : Json();
    return fmt::format("{}{}({})", module_of(key), value["class_name"].get<std::string>(),
                       config.is_object() ? arguments(config) : std::string());
  }
  return value.dump();
}

// Does the value mean what the default means? Initializers may be written out or by their short names.
bool is_default(const Json& value, const Json& standard) {
  if (value == standard) return true;
  if (value.is_number() && standard.is_number()) return value.get<double>() == standard.get<double>();
  return value.is_null();
}

Json defaults_of(const std::string& type) {
  for (const LayerType* known : all_layers()) {
    if (known->id == type) return Json::parse(known->defaults);
  }
  return Json::object();
}

std::string connection(const Layer& layer) {
  std::vector<std::string> sources;
  for (const LayerOutput& input : layer.inputs) sources.push_back(to_string(input));
  return sources.size() < 2 ? "" : "([" + printable(join(sources)) + "])";
}

void add(std::vector<CodeChange>& changes, CodeChange::Kind kind, std::string code, const std::string& layer) {
  for (CodeChange& change : changes) {
    if (change.kind == kind && change.code == code && !layer.empty() && !change.layers.empty()) {
      change.layers.push_back(layer);
      return;
    }
  }
  changes.push_back(
      {kind, std::move(code), layer.empty() ? std::vector<std::string>{} : std::vector<std::string>{layer}});
}

std::string layer_code(const Layer& layer) {
  if (layer.type != "InputLayer") return keras_code(layer);
  std::vector<std::string> extents;
  const Json shape = layer.config.value("batch_shape", Json::array({nullptr}));
  for (std::size_t i = 1; i < shape.size(); ++i) extents.push_back(python(shape[i], ""));
  return fmt::format("keras.Input(shape=({}{}))", join(extents), extents.size() == 1 ? "," : "");
}

// A line per layer; equal ones in a row are one line.
std::string sequential_code(const Model& model) {
  std::string code = "model = keras.Sequential([\n";
  for (std::size_t i = 0, next = 0; i < model.layers.size(); i = next) {
    const std::string line = layer_code(model.layers[i]);
    for (next = i + 1; next < model.layers.size() && layer_code(model.layers[next]) == line;) ++next;
    code += next - i > 2 ? fmt::format("    *[{} for _ in range({})],\n", line, next - i) : "";
    for (std::size_t same = i; next - i <= 2 && same < next; ++same) code += "    " + line + ",\n";
  }
  return code + "])\n";
}

std::string functional_code(const Model& model) {
  std::string code;
  for (const Layer& layer : model.layers) {
    std::vector<std::string> inputs;
    for (const LayerOutput& input : layer.inputs) inputs.push_back(input.layer);
    code += fmt::format("{} = {}", layer.name, layer_code(layer));
    if (!inputs.empty()) code += inputs.size() > 1 ? "([" + join(inputs) + "])" : "(" + join(inputs) + ")";
    code += "\n";
  }
  std::vector<std::string> outputs;
  for (const LayerOutput& output : model.outputs) outputs.push_back(output.layer);
  return code + fmt::format("model = keras.Model([{}], [{}])\n", join(input_names(model)), join(outputs));
}

// A name as Python can have it for a variable.
std::string variable(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0) name.insert(0, "layer_");
  return name;
}

Model with_variables(Model model) {
  for (Layer& layer : model.layers) {
    layer.name = variable(layer.name);
    for (LayerOutput& input : layer.inputs) input.layer = variable(input.layer);
  }
  for (LayerOutput& output : model.outputs) output.layer = variable(output.layer);
  for (std::string& input : model.inputs) input = variable(input);
  return model;
}

void require_plain(const Model& model) {
  const auto refuse = [&](const Layer& layer, std::string_view why) {
    fail(ErrorKind::unsupported, "layer '{}' {}: that is not written as Keras code", printable(layer.name), why);
  };
  for (const Layer& layer : model.layers) {
    if (!layer.shares.empty()) refuse(layer, "is called more than once");
    if (layer.config.contains("model") || !layer.arguments.empty()) refuse(layer, "is a model or takes arguments");
    for (const LayerOutput& input : layer.inputs) {
      if (input.index > 0) refuse(layer, "takes a second output");
    }
  }
}

std::string loss_code(const CompileSettings& compile) {
  std::string code = "loss=\"" + compile.loss.type + "\"";
  return code;
}

}  // namespace

std::string keras_code(const Layer& layer) {
  const Json defaults = defaults_of(layer.type);
  std::vector<std::string> parts;
  for (const auto& [key, value] : layer.config.items()) {
    const bool names_it = key == "units" || (layer.type == "Activation" && key == "activation");
    if (key == "name" || key == "dtype" || key == "trainable" || key == "model") continue;
    if (!names_it && defaults.contains(key) && is_default(value, defaults[key])) continue;
    if (value.is_null()) continue;
    parts.push_back(names_it ? python(value, key) : key + "=" + python(value, key));
  }
  return fmt::format("keras.layers.{}({})", layer.type, join(parts));
}

std::string keras_optimizer_code(const Item& optimizer) {
  const Json standard = Json::parse(optimizer_type(optimizer.type).defaults);
  std::vector<std::string> parts;
  for (const auto& [key, value] : optimizer.config.items()) {
    const bool always = key == "learning_rate";
    if (value.is_null() || key == "name" || (value == Json(false) && !standard.contains(key))) continue;
    if (!always && standard.contains(key) && is_default(value, standard[key])) continue;
    const bool is_clipping = key == "clipnorm" || key == "global_clipnorm" || key == "clipvalue";
    if (!always && !standard.contains(key) && !is_clipping && key != "weight_decay") continue;
    parts.push_back(key + "=" + python(value, key));
  }
  return fmt::format("keras.optimizers.{}({})", optimizer.type, join(parts));
}

std::string keras_program(const Model& model) {
  require_plain(model);
  std::string code = "import keras\n\n";
  code += model.sequential ? sequential_code(model) : functional_code(with_variables(model));
  if (model.compile && model.compile->outputs.empty()) {
    std::vector<std::string> metrics;
    for (const Item& metric : model.compile->metrics) metrics.push_back('"' + metric.type + '"');
    code += fmt::format("model.compile(optimizer={},\n              {}, metrics=[{}])\n",
                        keras_optimizer_code(model.compile->optimizer), loss_code(*model.compile), join(metrics));
  }
  return code;
}

std::vector<CodeChange> code_changes(const Model& before, const Model& after) {
  using Kind = CodeChange::Kind;
  std::vector<CodeChange> changes;
  for (const Layer& layer : before.layers) {
    if (after.find(layer.name) == nullptr) add(changes, Kind::removed, keras_code(layer), layer.name);
  }
  for (const Layer& layer : after.layers) {
    const Layer* old = before.find(layer.name);
    const std::string code = keras_code(layer);
    if (old == nullptr) {
      // What joins several layers names them, so that each line is its own.
      add(changes, Kind::added, code + connection(layer), layer.name);
    } else if (keras_code(*old) != code) {
      add(changes, Kind::removed, keras_code(*old), layer.name);
      add(changes, Kind::added, code, layer.name);
    }
  }
  if (before.compile && after.compile) {
    const auto setting = [&](const std::string& from, const std::string& to) {
      if (from == to) return;
      add(changes, Kind::removed, from, "");
      add(changes, Kind::added, to, "");
    };
    setting("optimizer=" + keras_optimizer_code(before.compile->optimizer),
            "optimizer=" + keras_optimizer_code(after.compile->optimizer));
    setting(loss_code(*before.compile), loss_code(*after.compile));
  }
  return changes;
}

}  // namespace evenflow
