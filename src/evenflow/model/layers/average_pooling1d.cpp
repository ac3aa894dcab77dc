#include "evenflow/model/layers/pooling.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return pooling(builder, 1, backend::Pooling::average);
}

}  // namespace

extern const LayerType average_pooling1d;
constinit const LayerType average_pooling1d{
    .id = "AveragePooling1D",
    .summary = "The mean of each window; padding does not count",
    .defaults = R"({"pool_size": 2, "strides": null, "padding": "valid", "data_format": "channels_last"})",
    .build = build,
};

}  // namespace evenflow::layers
