#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/spatial.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  const Spatial space(builder, 2);
  const ValueId mean = ops::reduce_mean(builder.graph(), space.images(), {1, 2}, true);
  return space.restore_global(mean, builder.flag("keepdims"));
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
