#include "evenflow/model/connections.h"

#include <cstdint>
#include <limits>
#include <map>
#include <string>

#include "evenflow/base/text.h"
#include "evenflow/model/layer_builder.h"

namespace evenflow {
namespace {

using Positions = std::map<std::string, std::size_t, std::less<>>;

Positions positions(const Model& model) {
  Positions result;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const Layer& layer = model.layers[i];
    if (layer.name.empty()) fail(ErrorKind::input, "layer {} ({}) has no name", i, printable(layer.type));
    if (!result.emplace(layer.name, i).second) {
      fail(ErrorKind::input, "two layers have the name '{}'; names must differ", printable(layer.name));
    }
  }
  return result;
}

std::size_t source(const Layer& layer, std::size_t position, const std::string& input, const Positions& known) {
  const auto found = known.find(input);
  if (found == known.end()) {
    std::vector<std::string> names;
    for (const auto& [name, index] : known) names.push_back(name);
    const std::string near = nearest(input, names);
    fail(ErrorKind::input, "{}: takes its input from '{}', which is no layer of the model{}", layer_text(layer),
         printable(input), near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
  }
  if (found->second >= position) {
    fail(ErrorKind::input, "{}: takes its input from '{}', which does not stand before it: a cycle, or a wrong order",
         layer_text(layer), printable(input));
  }
  return found->second;
}

void check_ends(const Model& model, const Positions& known) {
  const std::vector<std::string> inputs = input_names(model);
  if (inputs.empty())
    fail(ErrorKind::input, "model '{}' has no InputLayer, so the shape of its input is unknown", printable(model.name));
  for (const std::string& input : inputs) {
    const auto found = known.find(input);
    if (found == known.end() || model.layers[found->second].type != "InputLayer") {
      fail(ErrorKind::input, "the input '{}' is no InputLayer of model '{}'", printable(input), printable(model.name));
    }
  }
  if (model.outputs.empty()) fail(ErrorKind::input, "model '{}' has no output", printable(model.name));
  for (const LayerOutput& output : model.outputs) {
    if (known.contains(output.layer)) continue;
    fail(ErrorKind::input, "the output '{}' is no layer of model '{}'", printable(output.layer), printable(model.name));
  }
}

void check_sharing(const Model& model, const Layer& layer, std::size_t position, const Positions& known) {
  if (layer.shares.empty()) return;
  const auto found = known.find(layer.shares);
  if (found == known.end() || found->second >= position) {
    fail(ErrorKind::input, "{}: shares the weights of '{}', which does not stand before it", layer_text(layer),
         printable(layer.shares));
  }
  const Layer& first = model.layers[found->second];
  if (first.type != layer.type || first.config != layer.config || !first.shares.empty()) {
    fail(ErrorKind::input,
         "{}: shares the weights of {}, which is another kind of layer, has another configuration or "
         "itself shares",
         layer_text(layer), layer_text(first));
  }
}

}  // namespace

std::vector<std::vector<std::size_t>> connections(const Model& model) {
  const Positions known = positions(model);
  check_ends(model, known);
  std::vector<std::vector<std::size_t>> result;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const Layer& layer = model.layers[i];
    const LayerType& type = layer_type_of(layer);
    const auto count = static_cast<int>(layer.inputs.size());
    if (count < type.minimum_inputs || count > type.maximum_inputs) {
      const bool exact = type.minimum_inputs == type.maximum_inputs;
      fail(ErrorKind::input, "{}: takes {}{} input{}, not {}", layer_text(layer), exact ? "" : "at least ",
           type.minimum_inputs, type.minimum_inputs == 1 ? "" : "s", count);
    }
    std::vector<std::size_t>& sources = result.emplace_back();
    for (const LayerOutput& input : layer.inputs) sources.push_back(source(layer, i, input.layer, known));
    check_sharing(model, layer, i, known);
  }
  return result;
}

Shape sample_shape(const Layer& input_layer) {
  const Json& config = input_layer.config;
  bool batched = true;
  Json shape;
  for (const char* key : {"batch_shape", "batch_input_shape", "shape", "input_shape"}) {
    if (!config.is_object() || !config.contains(key) || config[key].is_null()) continue;
    shape = config[key];
    batched = std::string_view(key).starts_with("batch");
    break;
  }
  if (!shape.is_array() || (batched && shape.empty())) {
    fail(ErrorKind::input, "{}: batch_shape must be a list such as [null, 28, 28, 1], not {}", layer_text(input_layer),
         printable(shape.dump()));
  }
  std::vector<std::int64_t> extents;
  for (std::size_t axis = batched ? 1 : 0; axis < shape.size(); ++axis) {
    if (shape[axis].is_null()) {
      extents.push_back(0);
      continue;
    }
    const std::int64_t extent = shape[axis].is_number_integer() ? shape[axis].get<std::int64_t>() : 0;
    if (extent < 1 || extent > std::numeric_limits<std::int32_t>::max()) {
      fail(ErrorKind::input, "{}: batch_shape must be made of positive integers, not {}", layer_text(input_layer),
           printable(shape.dump()));
    }
    extents.push_back(extent);
  }
  if (extents.size() + 1 > Shape::kMaxRank) {
    fail(ErrorKind::unsupported, "{}: batch_shape {} has more than {} axes", layer_text(input_layer),
         printable(shape.dump()), Shape::kMaxRank);
  }
  return Shape(extents);
}

}  // namespace evenflow
