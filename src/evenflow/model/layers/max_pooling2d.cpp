#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  const Window window = window_over_images(builder, "pool_size", false);
  return ops::pool2d(
      builder.graph(), builder.input(),
      {.kind = backend::Pooling::maximum, .window = window.extent, .strides = window.strides, .pads = window.pads});
}

}  // namespace

extern const LayerType max_pooling2d;
constinit const LayerType max_pooling2d{
    .id = "MaxPooling2D",
    .summary = "The largest value in each window",
    .defaults = R"({"pool_size": 2, "strides": null, "padding": "valid", "data_format": "channels_last"})",
    .build = build,
};

}  // namespace evenflow::layers
