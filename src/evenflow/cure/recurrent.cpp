#include "evenflow/cure/recurrent.h"

#include <algorithm>

#include "evenflow/cure/rewrite.h"
#include "evenflow/model/layer_type.h"

namespace evenflow {

Treatment change_recurrent(const Case& c, std::string_view type,
                           const std::function<bool(std::string& type, Json& config)>& change, const std::string& what,
                           const std::string& otherwise) {
  if (const std::string reason = cannot_rewrite(c.recipe.model); !reason.empty()) return Refusal{reason};
  Treated treated{.recipe = c.recipe};
  std::vector<std::string> changed;
  for (Layer& layer : treated.recipe.model.layers) {
    const bool kept = std::find(c.keep.begin(), c.keep.end(), layer.name) != c.keep.end();
    if (kept || !layer.trainable) continue;
    bool done = false;
    if (layer.type == type) {
      done = change(layer.type, layer.config);
    } else if (layer.type == "Bidirectional" && layer.config.contains("layer") &&
               layer.config["layer"].value("class_name", "") == type && !layer.config.contains("backward_layer")) {
      Json& inner = layer.config["layer"];
      std::string inner_type(type);
      done = change(inner_type, inner["config"]);
      inner["class_name"] = inner_type;
    }
    if (done) changed.push_back(layer.name);
  }
  if (changed.empty()) return Refusal{otherwise};
  treated.change = what + " " + in_layers(changed);
  return treated;
}

void keep_known_settings(const std::string& type, Json& config) {
  const Json known = Json::parse(layer_type(type).defaults);
  Json kept = Json::object();
  for (const auto& [key, value] : config.items()) {
    if (known.contains(key) || key == "name" || key == "trainable" || key == "dtype") kept[key] = value;
  }
  config = std::move(kept);
}

}  // namespace evenflow
