#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  require_channels_last(builder);
  require_rank(builder, 4, "images (None, height, width, channels)");
  const std::array<std::int64_t, 2> whole{builder.shape()[1], builder.shape()[2]};
  const ValueId y = ops::pool2d(builder.graph(), builder.input(),
                                {.kind = backend::Pooling::maximum, .window = whole, .strides = whole});
  if (builder.flag("keepdims")) return y;
  return ops::reshape(builder.graph(), y, {builder.batch(), builder.shape().back()});
}

}  // namespace

extern const LayerType global_max_pooling2d;
constinit const LayerType global_max_pooling2d{
    .id = "GlobalMaxPooling2D",
    .summary = "The largest value of each channel",
    .defaults = R"({"data_format": "channels_last", "keepdims": false})",
    .build = build,
};

}  // namespace evenflow::layers
