#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  require_channels_last(builder);
  const Shape& shape = builder.shape();
  return ops::reshape(builder.graph(), builder.input(), {shape[0], shape.count(1, shape.rank())});
}

}  // namespace

extern const LayerType flatten;
constinit const LayerType flatten{
    .id = "Flatten",
    .summary = "All axes of a sample as one",
    .defaults = R"({"data_format": "channels_last"})",
    .build = build,
};

}  // namespace evenflow::layers
