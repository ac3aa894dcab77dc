#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layers/edges.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  const Spatial space(builder, 1);
  return space.restore(ops::pad2d(builder.graph(), space.images(), edges(space, "padding")));
}

}  // namespace

extern const LayerType zero_padding1d;
constinit const LayerType zero_padding1d{
    .id = "ZeroPadding1D",
    .summary = "Zeros around sequences",
    .defaults = R"({"padding": 1, "data_format": "channels_last"})",
    .build = build,
};

}  // namespace evenflow::layers
