#include "evenflow/model.h"

#include <algorithm>

#include "evenflow/base/random.h"
#include "evenflow/base/text.h"
#include "evenflow/model/initializer_type.h"
#include "evenflow/model/lowering.h"

namespace evenflow {
namespace {

Json item_to_json(const Item& item) {
  return {{"type", item.type}, {"config", item.config}};
}

Json compile_to_json(const CompileSettings& compile) {
  Json metrics = Json::array();
  for (const Item& metric : compile.metrics) metrics.push_back(item_to_json(metric));
  return {{"optimizer", item_to_json(compile.optimizer)},
          {"loss", item_to_json(compile.loss)},
          {"metrics", std::move(metrics)}};
}

Item item_from_json(const Json& json) {
  return {json.at("type").get<std::string>(), json.at("config")};
}

CompileSettings compile_from_json(const Json& json) {
  CompileSettings compile{.optimizer = item_from_json(json.at("optimizer")), .loss = item_from_json(json.at("loss"))};
  for (const Json& metric : json.at("metrics")) compile.metrics.push_back(item_from_json(metric));
  return compile;
}

Json layer_to_json(const Layer& layer) {
  return {{"type", layer.type},
          {"name", layer.name},
          {"config", layer.config},
          {"inputs", layer.inputs},
          {"trainable", layer.trainable}};
}

Layer layer_from_json(const Json& json) {
  return {.type = json.at("type").get<std::string>(),
          .name = json.at("name").get<std::string>(),
          .config = json.at("config"),
          .inputs = json.at("inputs").get<std::vector<std::string>>(),
          .trainable = json.at("trainable").get<bool>()};
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
          {"outputs", model.outputs},
          {"compile", model.compile ? compile_to_json(*model.compile) : Json()},
          {"cross_entropy", model.cross_entropy == CrossEntropyPath::fused ? "fused" : "clipped"},
          {"keras", {{"major", model.keras.major}, {"minor", model.keras.minor}}}};
}

Model model_from_json(const Json& json) {
  try {
    Model model{.name = json.at("name").get<std::string>(),
                .outputs = json.at("outputs").get<std::vector<std::string>>(),
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

Shape input_shape(const Model& model) {
  const Lowered lowered = lower(model, {});
  return without_batch(lowered.graph.shape(lowered.input));
}

Shape output_shape(const Model& model) {
  const Lowered lowered = lower(model, {});
  return without_batch(lowered.graph.shape(lowered.output));
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
