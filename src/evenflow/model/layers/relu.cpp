#include "evenflow/model/layer_type.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return builder.activate(builder.input(), choose_activation({{"class_name", "ReLU"}, {"config", builder.config()}}));
}

}  // namespace

extern const LayerType relu;
constinit const LayerType relu{
    .id = "ReLU",
    .summary = "Rectifier with an optional slope, ceiling and threshold",
    .defaults = R"({"max_value": null, "negative_slope": 0.0, "threshold": 0.0})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
