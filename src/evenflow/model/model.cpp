#include "evenflow/model.h"

#include <algorithm>

#include "evenflow/base/random.h"
#include "evenflow/base/text.h"
#include "evenflow/model/connections.h"
#include "evenflow/model/initializer_type.h"
#include "evenflow/model/lowering.h"

namespace evenflow {
namespace {

Json item_to_json(const Item& item) {
  return {{"type", item.type}, {"config", item.config}};
}

Item item_from_json(const Json& json) {
  return {json.at("type").get<std::string>(), json.at("config")};
}

Json items_to_json(const std::vector<Item>& items) {
  Json result = Json::array();
  for (const Item& item : items) result.push_back(item_to_json(item));
  return result;
}

std::vector<Item> items_from_json(const Json& json) {
  std::vector<Item> items;
  for (const Json& item : json) items.push_back(item_from_json(item));
  return items;
}

Json compile_to_json(const CompileSettings& compile) {
  Json outputs = Json::array();
  for (const OutputSettings& output : compile.outputs) {
    outputs.push_back(
        {{"loss", item_to_json(output.loss)}, {"weight", output.weight}, {"metrics", items_to_json(output.metrics)}});
  }
  return {{"optimizer", item_to_json(compile.optimizer)},
          {"loss", item_to_json(compile.loss)},
          {"metrics", items_to_json(compile.metrics)},
          {"outputs", std::move(outputs)}};
}

CompileSettings compile_from_json(const Json& json) {
  CompileSettings compile{.optimizer = item_from_json(json.at("optimizer")),
                          .loss = item_from_json(json.at("loss")),
                          .metrics = items_from_json(json.at("metrics"))};
  for (const Json& output : json.value("outputs", Json::array())) {
    compile.outputs.push_back({.loss = item_from_json(output.at("loss")),
                               .weight = output.at("weight").get<double>(),
                               .metrics = items_from_json(output.at("metrics"))});
  }
  return compile;
}

// "lstm", or ["lstm", 1] for an output after the first.
Json source_to_json(const LayerOutput& source) {
  if (source.index == 0) return source.layer;
  return {source.layer, source.index};
}

LayerOutput source_from_json(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  return {json.at(0).get<std::string>(), json.at(1).get<int>()};
}

Json sources_to_json(const std::vector<LayerOutput>& sources) {
  Json result = Json::array();
  for (const LayerOutput& source : sources) result.push_back(source_to_json(source));
  return result;
}

std::vector<LayerOutput> sources_from_json(const Json& json) {
  std::vector<LayerOutput> sources;
  for (const Json& source : json) sources.push_back(source_from_json(source));
  return sources;
}

// What most layers do not have is left out.
Json layer_to_json(const Layer& layer) {
  Json json{{"type", layer.type},
            {"name", layer.name},
            {"config", layer.config},
            {"inputs", sources_to_json(layer.inputs)},
            {"trainable", layer.trainable}};
  if (!layer.shares.empty()) json["shares"] = layer.shares;
  if (!layer.arguments.empty()) json["arguments"] = layer.arguments;
  return json;
}

Layer layer_from_json(const Json& json) {
  return {.type = json.at("type").get<std::string>(),
          .name = json.at("name").get<std::string>(),
          .config = json.at("config"),
          .inputs = sources_from_json(json.at("inputs")),
          .trainable = json.at("trainable").get<bool>(),
          .shares = json.value("shares", std::string()),
          .arguments = json.value("arguments", Json::object())};
}

CrossEntropyPath path_from_json(const Json& json) {
  const std::string name = json.get<std::string>();
  if (name == "fused") return CrossEntropyPath::fused;
  if (name == "clipped") return CrossEntropyPath::clipped;
  fail(ErrorKind::input, "model: cross_entropy must be fused or clipped, not '{}'", printable(name));
}

Shape without_batch(const Shape& shape) {
  return shape.slice(1, shape.rank());
}

}  // namespace

std::string to_string(const LayerOutput& source) {
  return source.index == 0 ? source.layer : fmt::format("{}:{}", source.layer, source.index);
}

OutputSettings CompileSettings::of_output(std::size_t index) const {
  return outputs.empty() ? OutputSettings{.loss = loss, .metrics = metrics} : outputs.at(index);
}

bool CompileSettings::has_loss() const {
  return !loss.type.empty() ||
         std::any_of(outputs.begin(), outputs.end(), [](const OutputSettings& one) { return !one.loss.type.empty(); });
}

const Layer* Model::find(std::string_view layer_name) const {
  const auto found =
      std::find_if(layers.begin(), layers.end(), [&](const Layer& layer) { return layer.name == layer_name; });
  return found == layers.end() ? nullptr : &*found;
}

Layer* Model::find(std::string_view layer_name) {
  return const_cast<Layer*>(std::as_const(*this).find(layer_name));
}

Json to_json(const Model& model) {
  Json layers = Json::array();
  for (const Layer& layer : model.layers) layers.push_back(layer_to_json(layer));
  return {{"name", model.name},
          {"sequential", model.sequential},
          {"layers", std::move(layers)},
          {"inputs", model.inputs},
          {"outputs", sources_to_json(model.outputs)},
          {"compile", model.compile ? compile_to_json(*model.compile) : Json()},
          {"cross_entropy", model.cross_entropy == CrossEntropyPath::fused ? "fused" : "clipped"},
          {"keras", {{"major", model.keras.major}, {"minor", model.keras.minor}}}};
}

Model model_from_json(const Json& json) {
  try {
    Model model{.name = json.at("name").get<std::string>(),
                .inputs = json.at("inputs").get<std::vector<std::string>>(),
                .outputs = sources_from_json(json.at("outputs")),
                .sequential = json.at("sequential").get<bool>(),
                .cross_entropy = path_from_json(json.at("cross_entropy")),
                .keras = {json.at("keras").at("major").get<int>(), json.at("keras").at("minor").get<int>()}};
    for (const Json& layer : json.at("layers")) model.layers.push_back(layer_from_json(layer));
    if (!json.at("compile").is_null()) model.compile = compile_from_json(json.at("compile"));
    return model;
  } catch (const Json::exception& error) {
    fail(ErrorKind::input, "model: {}", error.what());
  }
}

void validate(const Model& model) {
  lower(model, {.batch = 1, .training = false});
}

std::vector<ParameterInfo> parameters(const Model& model) {
  return lower(model, {}).parameters;
}

std::int64_t parameter_count(const Model& model) {
  std::int64_t count = 0;
  for (const ParameterInfo& parameter : parameters(model)) count += parameter.shape.count();
  return count;
}

std::vector<std::string> input_names(const Model& model) {
  if (!model.inputs.empty()) return model.inputs;
  std::vector<std::string> names;
  for (const Layer& layer : model.layers) {
    if (layer.type == "InputLayer") names.push_back(layer.name);
  }
  return names;
}

std::vector<Shape> input_shapes(const Model& model) {
  std::vector<Shape> shapes;
  for (const std::string& name : input_names(model)) {
    const Layer* const layer = model.find(name);
    if (layer == nullptr) fail(ErrorKind::input, "the input '{}' is no layer of the model", printable(name));
    shapes.push_back(sample_shape(*layer));
  }
  return shapes;
}

std::vector<Shape> output_shapes(const Model& model, std::span<const Shape> samples) {
  const Lowered lowered = lower(model, {.samples = {samples.begin(), samples.end()}});
  std::vector<Shape> shapes;
  for (const Lowered::Output& output : lowered.outputs) {
    shapes.push_back(without_batch(lowered.graph.shape(output.value)));
  }
  return shapes;
}

Shape input_shape(const Model& model) {
  return input_shapes(model).at(0);
}

Shape output_shape(const Model& model) {
  return output_shapes(model).at(0);
}

Weights initialize(const Model& model, std::uint64_t seed) {
  Weights weights;
  for (const ParameterInfo& parameter : parameters(model)) {
    Random random(seed, stream_of(parameter.name));
    const InitializerType& type = initializer_type(parameter.initializer.type);
    try {
      weights.set(parameter.name, type.make(parameter.shape, parameter.initializer.config, random));
    } catch (const Error& error) {
      throw Error(error.kind(),
                  fmt::format("{}: initializer {}: {}", parameter.name, parameter.initializer.type, error.what()));
    }
  }
  return weights;
}

void Weights::set(std::string name, Tensor value) {
  if (Tensor* existing = find(name)) {
    *existing = std::move(value);
  } else {
    entries_.emplace_back(std::move(name), std::move(value));
  }
}

const Tensor* Weights::find(std::string_view name) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.first == name; });
  return found == entries_.end() ? nullptr : &found->second;
}

Tensor* Weights::find(std::string_view name) {
  return const_cast<Tensor*>(std::as_const(*this).find(name));
}

const Tensor& Weights::at(std::string_view name) const {
  if (const Tensor* tensor = find(name)) return *tensor;
  std::vector<std::string> names;
  for (const auto& [known, tensor] : entries_) names.push_back(known);
  const std::string near = nearest(name, names);
  fail(ErrorKind::usage, "there is no tensor '{}'{}", printable(name),
       near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

Tensor& Weights::at(std::string_view name) {
  return const_cast<Tensor&>(std::as_const(*this).at(name));
}

}  // namespace evenflow
