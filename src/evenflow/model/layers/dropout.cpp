#include "evenflow/model/layers/noise.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return drop(builder, noise_shape(builder));
}

}  // namespace

extern const LayerType dropout;
constinit const LayerType dropout{
    .id = "Dropout",
    .summary = "Sets random elements to 0 while training",
    .defaults = R"({"rate": null, "noise_shape": null, "seed": null})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
