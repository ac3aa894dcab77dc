#include "evenflow/format/keras/config_writer.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "evenflow/format/keras/compile_config.h"
#include "evenflow/format/keras/layer_config.h"
#include "evenflow/format/keras/operations.h"
#include "evenflow/model/layer_type.h"

namespace evenflow::keras {
namespace {

Json model_entry(const Model& model);

// The shapes with `extent` for every axis of any length.
std::vector<Shape> with_open_axes(std::span<const Shape> shapes, std::int64_t extent) {
  std::vector<Shape> result;
  for (const Shape& shape : shapes) {
    std::vector<std::int64_t> extents(shape.dims().begin(), shape.dims().end());
    std::replace(extents.begin(), extents.end(), std::int64_t{0}, extent);
    result.emplace_back(extents);
  }
  return result;
}

class FunctionalWriter {
 public:
  explicit FunctionalWriter(const Model& model) : model_(model) {
    for (const Layer& layer : model.layers) {
      const std::string& owner = layer.shares.empty() ? layer.name : layer.shares;
      calls_[owner].push_back(&layer);
      places_[layer.name] = {owner, static_cast<int>(calls_[owner].size()) - 1};
    }
    find_shapes();
  }

  Json config() const {
    Json layers = Json::array();
    for (const Layer& layer : model_.layers) {
      if (layer.shares.empty()) layers.push_back(entry(layer));
    }
    Json inputs = Json::array();
    for (const std::string& input : input_names(model_)) inputs.push_back(Json::array({input, 0, 0}));
    Json outputs = Json::array();
    for (const LayerOutput& output : model_.outputs) outputs.push_back(reference(output, true));
    // Keras writes a single input or output without the outer list.
    return {{"name", model_.name},
            {"trainable", true},
            {"layers", std::move(layers)},
            {"input_layers", inputs.size() == 1 ? Json(inputs[0]) : inputs},
            {"output_layers", outputs.size() == 1 ? Json(outputs[0]) : outputs}};
  }

 private:
  // Of every tensor that a layer takes; null for extents that are another when the open axes of the inputs are.
  void find_shapes() {
    Model all = model_;
    all.outputs.clear();
    for (const Layer& layer : model_.layers) {
      all.outputs.insert(all.outputs.end(), layer.inputs.begin(), layer.inputs.end());
    }
    if (all.outputs.empty()) return;
    const std::vector<Shape> samples = input_shapes(all);
    const std::vector<Shape> shapes = output_shapes(all, with_open_axes(samples, 64));
    const std::vector<Shape> others = output_shapes(all, with_open_axes(samples, 96));
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      Json shape = Json::array({nullptr});
      for (int axis = 0; axis < shapes[i].rank(); ++axis) {
        shape.push_back(shapes[i][axis] == others[i][axis] ? Json(shapes[i][axis]) : Json());
      }
      shapes_[to_string(all.outputs[i])] = std::move(shape);
    }
  }

  // Keras counts the calls of an inner functional model from 1 where they are outputs of the model.
  Json reference(const LayerOutput& output, bool of_model) const {
    const auto& [owner, node] = places_.at(output.layer);
    const bool from_one = of_model && model_.find(owner)->type == "Functional";
    return Json::array({owner, from_one ? node + 1 : node, output.index});
  }

  Json tensor(const LayerOutput& source) const {
    return {{"class_name", "__keras_tensor__"},
            {"config",
             {{"shape", shapes_.at(to_string(source))},
              {"dtype", "float32"},
              {"keras_history", reference(source, false)}}}};
  }

  Json entry(const Layer& layer) const {
    if (was_operation(layer)) return operation(layer);
    Json result = any_entry(layer, model_);
    result["name"] = layer.name;
    result["inbound_nodes"] = Json::array();
    for (const Layer* call : calls_.at(layer.name)) {
      if (!call->inputs.empty()) result["inbound_nodes"].push_back(node(*call));
    }
    return result;
  }

  Json operation(const Layer& layer) const {
    std::vector<Json> tensors;
    for (const LayerOutput& input : layer.inputs) tensors.push_back(tensor(input));
    Json result = operation_entry(layer, tensors);
    result["name"] = layer.name;
    return result;
  }

  Json node(const Layer& call) const {
    Json tensors = Json::array();
    for (const LayerOutput& input : call.inputs) tensors.push_back(tensor(input));
    Json keywords = call.arguments.is_null() ? Json::object() : call.arguments;
    Json arguments = Json::array();
    if (call.type == "SimpleRNN" || call.type == "LSTM" || call.type == "GRU" || call.type == "Bidirectional") {
      arguments.push_back(tensors[0]);
      tensors.erase(0);
      if (!tensors.empty()) keywords["initial_state"] = std::move(tensors);
    } else if (call.type == "MultiHeadAttention") {
      arguments = std::move(tensors);  // query, value, key
    } else if (call.config.contains("model") ? tensors.size() > 1 : layer_type(call.type).maximum_inputs > 1) {
      // Layers that merge take a list of tensors, even of one.
      arguments.push_back(std::move(tensors));
    } else {
      arguments = std::move(tensors);
    }
    return {{"args", std::move(arguments)}, {"kwargs", std::move(keywords)}};
  }

  struct Place {
    std::string layer;
    int node;
  };
  const Model& model_;
  std::map<std::string, std::vector<const Layer*>, std::less<>> calls_;
  std::map<std::string, Place, std::less<>> places_;
  std::map<std::string, Json, std::less<>> shapes_;
};

Json sequential_config(const Model& model) {
  Json layers = Json::array();
  for (const Layer& layer : model.layers) layers.push_back(any_entry(layer, model));
  return {{"name", model.name}, {"trainable", true}, {"layers", std::move(layers)}};
}

Json model_entry(const Model& model) {
  if (model.sequential) return keras_object("keras", "Sequential", sequential_config(model));
  // The class is not public under this name, so Keras wants its module and its registered name.
  Json entry = keras_object("keras.src.models.functional", "Functional", FunctionalWriter(model).config());
  entry["registered_name"] = "Functional";
  return entry;
}

}  // namespace

Json any_entry(const Layer& layer, const Model& model) {
  if (!layer.config.contains("model")) return layer_entry(layer, model);
  Model inner = model_from_json(layer.config.at("model"));
  inner.name = layer.name;
  Json entry = model_entry(inner);
  if (!layer.trainable) entry["config"]["trainable"] = false;
  return entry;
}

Json model_config(const Model& model) {
  Json result = model_entry(model);
  if (model.compile) result["compile_config"] = compile_config(model);
  return result;
}

}  // namespace evenflow::keras
