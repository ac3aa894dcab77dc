#include "evenflow/format/keras/config_writer.h"

#include <map>
#include <string>
#include <utility>

#include "evenflow/format/keras/compile_config.h"
#include "evenflow/format/keras/layer_config.h"
#include "evenflow/model/layer_type.h"

namespace evenflow::keras {
namespace {

Json batch_shape(const Shape& shape) {
  Json result = Json::array({nullptr});
  for (const std::int64_t extent : shape.dims().subspan(1)) result.push_back(extent);
  return result;
}

class FunctionalWriter {
 public:
  FunctionalWriter(const Model& model, const Lowered& lowered) : model_(model) {
    for (const LoweredLayer& layer : lowered.layers)
      shapes_[layer.name] = batch_shape(lowered.graph.shape(layer.output));
  }

  Json config() const {
    Json layers = Json::array();
    Json inputs = Json::array();
    Json outputs = Json::array();
    for (const Layer& layer : model_.layers) {
      layers.push_back(entry(layer));
      if (layer.type == "InputLayer") inputs.push_back(Json::array({layer.name, 0, 0}));
    }
    for (const LayerOutput& output : model_.outputs) outputs.push_back(Json::array({output.layer, 0, output.index}));
    // Keras writes a single input or output without the outer list.
    return {{"name", model_.name},
            {"trainable", true},
            {"layers", std::move(layers)},
            {"input_layers", inputs.size() == 1 ? Json(inputs[0]) : inputs},
            {"output_layers", outputs.size() == 1 ? Json(outputs[0]) : outputs}};
  }

 private:
  Json tensor(const LayerOutput& source) const {
    return {{"class_name", "__keras_tensor__"},
            {"config",
             {{"shape", shapes_.at(source.layer)},
              {"dtype", "float32"},
              {"keras_history", Json::array({source.layer, 0, source.index})}}}};
  }

  Json entry(const Layer& layer) const {
    Json result = layer_entry(layer, model_);
    result["name"] = layer.name;
    result["inbound_nodes"] = Json::array();
    if (layer.inputs.empty()) return result;
    Json tensors = Json::array();
    for (const LayerOutput& input : layer.inputs) tensors.push_back(tensor(input));
    // Layers that merge take a list of tensors, even of one.
    const bool merges = layer_type(layer.type).maximum_inputs > 1;
    if (merges) tensors = Json::array({std::move(tensors)});
    result["inbound_nodes"].push_back({{"args", std::move(tensors)}, {"kwargs", Json::object()}});
    return result;
  }

  const Model& model_;
  std::map<std::string, Json, std::less<>> shapes_;
};

Json sequential_config(const Model& model) {
  Json layers = Json::array();
  for (const Layer& layer : model.layers) layers.push_back(layer_entry(layer, model));
  return {{"name", model.name}, {"trainable", true}, {"layers", std::move(layers)}};
}

}  // namespace

Json model_config(const Model& model, const Lowered& lowered) {
  Json result;
  if (model.sequential) {
    result = keras_object("keras", "Sequential", sequential_config(model));
  } else {
    // The class is not public under this name, so Keras wants its module and its registered name.
    result = keras_object("keras.src.models.functional", "Functional", FunctionalWriter(model, lowered).config());
    result["registered_name"] = "Functional";
  }
  if (model.compile)
    result["compile_config"] = compile_config(model, lowered.graph.shape(lowered.outputs.front().value));
  return result;
}

}  // namespace evenflow::keras
