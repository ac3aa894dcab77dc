#include "evenflow/model/layers/noise.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  Shape mask = builder.shape();
  require_rank(builder, 3, "sequences (None, steps, channels)");
  return drop(builder, mask.with(1, 1));
}

}  // namespace

extern const LayerType spatial_dropout1d;
constinit const LayerType spatial_dropout1d{
    .id = "SpatialDropout1D",
    .summary = "Sets random channels to 0 while training",
    .defaults = R"({"rate": null, "seed": null})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
