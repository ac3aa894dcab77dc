#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  require_channels_last(builder);
  require_rank(builder, 4, "images (None, height, width, channels)");
  return ops::reduce_mean(builder.graph(), builder.input(), {1, 2}, builder.flag("keepdims"));
}

}  // namespace

extern const LayerType global_average_pooling2d;
constinit const LayerType global_average_pooling2d{
    .id = "GlobalAveragePooling2D",
    .summary = "The mean of each channel",
    .defaults = R"({"data_format": "channels_last", "keepdims": false})",
    .build = build,
};

}  // namespace evenflow::layers
