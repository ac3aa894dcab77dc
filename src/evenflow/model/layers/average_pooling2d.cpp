#include "evenflow/model/layers/pooling.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return pooling(builder, 2, backend::Pooling::average);
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
