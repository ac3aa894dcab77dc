#include "evenflow/model/layer_type.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return builder.activate(builder.input(),
                          choose_activation({{"class_name", "LeakyReLU"}, {"config", builder.config()}}));
}

// Keras 2 called the slope alpha.
void upgrade(Json& config, KerasVersion) {
  const auto alpha = config.find("alpha");
  if (alpha == config.end()) return;
  if (!config.contains("negative_slope")) config["negative_slope"] = *alpha;
  config.erase("alpha");
}

}  // namespace

extern const LayerType leaky_relu;
constinit const LayerType leaky_relu{
    .id = "LeakyReLU",
    .summary = "Rectifier with a slope for negative inputs",
    .defaults = R"({"negative_slope": 0.3})",
    .build = build,
    .passes_mask = true,
    .upgrade = upgrade,
};

}  // namespace evenflow::layers
