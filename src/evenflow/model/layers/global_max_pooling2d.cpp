#include "evenflow/model/layers/pooling.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return global_max_pooling(builder, 2);
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
