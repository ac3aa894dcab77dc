#include "evenflow/model/wrapped_layer.h"

#include <string>

#include "evenflow/base/text.h"

namespace evenflow {

Layer wrapped_layer(const LayerBuilder& builder, std::string_view key) {
  const Json& given = builder.config().at(std::string(key));
  const bool fine = given.is_object() && given.contains("class_name") && given["class_name"].is_string() &&
                    given.contains("config") && given["config"].is_object();
  if (!fine) builder.wrong(key, "must be a layer {\"class_name\", \"config\"}");
  Layer layer{.type = given["class_name"].get<std::string>(), .config = given["config"]};
  const auto name = layer.config.find("name");
  if (name != layer.config.end() && name->is_string()) layer.name = name->get<std::string>();
  if (layer.name.empty()) layer.name = snake_case(layer.type);
  layer.config.erase("name");
  return layer;
}

}  // namespace evenflow
