#include "evenflow/format/keras/layer_config.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/format/keras/config_reader.h"
#include "evenflow/format/keras/config_writer.h"
#include "evenflow/format/keras/context.h"
#include "evenflow/model/activation_function.h"
#include "evenflow/model/connections.h"
#include "evenflow/model/constraint.h"
#include "evenflow/model/initializer_type.h"
#include "evenflow/model/layer_builder.h"
#include "evenflow/model/layer_type.h"
#include "evenflow/model/regularizer.h"

namespace evenflow::keras {
namespace {

bool is_object_of_keras(const Json& value) {
  return value.is_object() && value.contains("class_name");
}

// A serialized object without what every file says anew: modules, registered names, shared identities, types.
Json plain(const Json& value, KerasVersion version) {
  if (!is_object_of_keras(value)) return value;
  const Json& config = optional_key(value, "config");
  if (value["class_name"] == "function") return config;
  if (!config.is_object()) return {{"class_name", value["class_name"]}, {"config", config}};
  Json kept = Json::object();
  for (const auto& [key, entry] : config.items()) {
    const bool common = key == "name" || key == "trainable" || key == "dtype";
    if (!common && !entry.is_null()) kept[key] = plain(entry, version);
  }
  // An activation may be a layer, with the keys of its time.
  for (const LayerType* type : all_layers()) {
    if (value["class_name"] == type->id && type->upgrade != nullptr) type->upgrade(kept, version);
  }
  return {{"class_name", value["class_name"]}, {"config", std::move(kept)}};
}

// Wrappers (Bidirectional, TimeDistributed) have layers in their configuration.
bool is_wrapped_layer(const std::string& key, const Json& value) {
  return (key == "layer" || key == "backward_layer") && is_object_of_keras(value);
}

Json wrapped_config(const Json& value, KerasVersion version) {
  const Json& config = optional_key(value, "config");
  if (config.is_object() && config.contains("model")) return value;
  Layer layer = read_any_layer(value, version);
  layer.config["name"] = layer.name;
  return {{"class_name", layer.type}, {"config", std::move(layer.config)}};
}

Json wrapped_entry(const Json& value, const Model& model) {
  Layer layer{.type = required_text(value, "class_name"), .config = optional_key(value, "config")};
  layer.name = layer.config.value("name", snake_case(layer.type));
  layer.config.erase("name");
  return any_entry(layer, model);
}

bool same_initializer(const Json& a, const Json& b) {
  return choose_initializer(a) == choose_initializer(b);
}

bool is_default(const std::string& key, const Json& value, const Json& standard) {
  if (value.is_null() || value == standard) return true;
  return key.ends_with("_initializer") && !standard.is_null() && same_initializer(value, standard);
}

// Keras 2 had a layer for what is now an option.
void rename_old_class(std::string& type, Json& config) {
  if (type != "ThresholdedReLU") return;
  type = "ReLU";
  config["threshold"] = config.value("theta", Json(1.0));
  config.erase("theta");
}

Json essential_config(const Layer& layer, KerasVersion version) {
  const LayerType& type = layer_type_of(layer);
  const Json standard = Json::parse(type.defaults);
  Json result = Json::object();
  const Json complete = complete_config(type, layer, version);
  for (const auto& [key, value] : complete.items()) {
    const Json kept = is_wrapped_layer(key, value) ? wrapped_config(value, version) : plain(value, version);
    if (!is_default(key, kept, standard.value(key, Json()))) result[key] = kept;
  }
  const Json activity = plain(optional_key(layer.config, "activity_regularizer"), version);
  if (!activity.is_null()) result["activity_regularizer"] = activity;
  return result;
}

// One spelling for the shape; the extent of the batch is free.
Json input_config(const Layer& layer) {
  Json shape = Json::array({nullptr});
  const Shape sample = sample_shape(layer);
  for (const std::int64_t extent : sample.dims()) shape.push_back(extent == 0 ? Json() : Json(extent));
  Json config{{"batch_shape", std::move(shape)}};
  const Json& dtype = optional_key(layer.config, "dtype");
  if (dtype.is_string() && dtype != "float32") config["dtype"] = dtype;
  return config;
}

// ---- Writing --------------------------------------------------------------------------------------------------

Json without_nulls(const Json& config) {
  Json result = Json::object();
  for (const auto& [key, value] : config.items()) {
    if (!value.is_null()) result[key] = value;
  }
  return result;
}

Json activation_entry(const Json& value, const Model& model) {
  const ActivationChoice choice = choose_activation(value, model.keras.major);
  if (choice.function != nullptr && choice.function != choose_activation(value, 3).function) {
    fail(ErrorKind::unsupported,
         "'{}' is Keras 2's, and Keras 3 computes another function under that name; use another activation",
         printable(value.is_string() ? value.get<std::string>() : value.dump()));
  }
  if (!is_object_of_keras(value)) return value;
  return keras_object("keras.layers", value["class_name"].get<std::string>(), optional_key(value, "config"));
}

Json value_entry(const std::string& key, const Json& value, const Model& model) {
  if (key.ends_with("_initializer")) {
    const Item item = choose_initializer(value);
    return keras_object("keras.initializers", item.type, without_nulls(item.config));
  }
  if (key.ends_with("_regularizer")) {
    const Item item = choose_regularizer(value);
    return keras_object("keras.regularizers", item.type, without_nulls(item.config));
  }
  if (key.ends_with("_constraint")) {
    const Item item = choose_constraint(value);
    return keras_object("keras.constraints", item.type, without_nulls(item.config));
  }
  if (key == "activation" || key == "recurrent_activation") return activation_entry(value, model);
  if (is_wrapped_layer(key, value)) return wrapped_entry(value, model);
  if (key == "merge_mode" && value == "none") return nullptr;
  return value;
}

}  // namespace

Json keras_object(std::string_view module, std::string_view class_name, Json config) {
  if (config.is_null()) config = Json::object();
  return {{"module", module}, {"class_name", class_name}, {"config", std::move(config)}, {"registered_name", nullptr}};
}

Layer read_layer(const Json& entry, KerasVersion version) {
  Layer layer{.type = required_text(entry, "class_name"), .config = required_key(entry, "config")};
  // The entry's own name is the one that connections refer to.
  layer.name = entry.contains("name") ? required_text(entry, "name") : required_text(layer.config, "name");
  if (version.major == 2) rename_old_class(layer.type, layer.config);
  const Json& trainable = optional_key(layer.config, "trainable");
  if (trainable.is_boolean()) layer.trainable = trainable.get<bool>();
  layer.config = essential_config(layer, version);
  if (layer.type == "InputLayer") layer.config = input_config(layer);
  return layer;
}

Json layer_entry(const Layer& layer, const Model& model) {
  return in_context(layer_text(layer), [&] {
    Json config = {{"name", layer.name}};
    if (!layer.trainable) config["trainable"] = false;
    const Json own = layer.type == "InputLayer" ? input_config(layer) : essential_config(layer, model.keras);
    for (const auto& [key, value] : own.items()) {
      const std::string& name = key;  // clang 14 captures no structured bindings
      const Json& given = value;
      config[key] = in_context(name, [&] { return value_entry(name, given, model); });
    }
    // Keras's Rescaling.from_config wants it, default or not.
    if (layer.type == "Rescaling" && !config.contains("offset")) config["offset"] = 0.0;
    return keras_object("keras.layers", layer.type, std::move(config));
  });
}

}  // namespace evenflow::keras
