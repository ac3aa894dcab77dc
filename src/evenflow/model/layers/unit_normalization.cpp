#include "evenflow/model/layers/last_axes.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return unit_norm(builder.graph(), builder.input(), sample_axes(builder, "axis"), 1e-24f);
}

}  // namespace

extern const LayerType unit_normalization;
constinit const LayerType unit_normalization{
    .id = "UnitNormalization",
    .summary = "Divides each sample by the root of its features' sum of squares",
    .defaults = R"({"axis": -1})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
