#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layers/edges.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  const Spatial space(builder, 2);
  return space.restore(ops::pad2d(builder.graph(), space.images(), edges(space, "padding")));
}

}  // namespace

extern const LayerType zero_padding2d;
constinit const LayerType zero_padding2d{
    .id = "ZeroPadding2D",
    .summary = "Zeros around images",
    .defaults = R"({"padding": 1, "data_format": "channels_last"})",
    .build = build,
};

}  // namespace evenflow::layers
