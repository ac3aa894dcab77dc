#include "evenflow/model/layers/last_axes.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  const LastAxes last(builder, sample_axes(builder, "axis"));
  // Keras would multiply its scale onto the last axes all the same, or fail.
  if (last.moved()) builder.unsupported("axis", "the normalized axes must be the last ones");
  return last.restore(ops::layer_normalization(
      builder.graph(), last.input(), builder.weight("scale", last.shape()), {},
      {.axis = last.first(), .epsilon = static_cast<float>(builder.number("epsilon")), .centered = false}));
}

}  // namespace

extern const LayerType rms_normalization;
constinit const LayerType rms_normalization{
    .id = "RMSNormalization",
    .summary = "Divides each sample by the root of its features' mean square",
    .defaults = R"({"axis": -1, "epsilon": 1e-6, "scale_initializer": "ones"})",
    .build = build,
};

}  // namespace evenflow::layers
