#include "evenflow/model/layers/noise.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  require_rank(builder, 4, "images of three axes");
  const int first = channels_first(builder) ? 2 : 1;
  return drop(builder, builder.shape().with(first, 1).with(first + 1, 1));
}

}  // namespace

extern const LayerType spatial_dropout2d;
constinit const LayerType spatial_dropout2d{
    .id = "SpatialDropout2D",
    .summary = "Sets random channels to 0 while training",
    .defaults = R"({"rate": null, "seed": null, "data_format": "channels_last"})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
