#include "evenflow/model/layers/pooling.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return pooling(builder, 2, backend::Pooling::maximum);
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
