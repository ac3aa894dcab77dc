#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  const Window window = window_over_images(builder, "pool_size", false);
  return ops::pool2d(
      builder.graph(), builder.input(),
      {.kind = backend::Pooling::average, .window = window.extent, .strides = window.strides, .pads = window.pads});
}

}  // namespace

extern const LayerType average_pooling2d;
constinit const LayerType average_pooling2d{
    .id = "AveragePooling2D",
    .summary = "The mean of each window; padding does not count",
    .defaults = R"({"pool_size": 2, "strides": null, "padding": "valid", "data_format": "channels_last"})",
    .build = build,
};

}  // namespace evenflow::layers
