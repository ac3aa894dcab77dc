#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/spatial.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const Spatial space(builder, 1);
  ValueId mean;
  if (const ValueId mask = builder.mask()) {  // the mean of the steps that count; 0 / 0 where none does
    const Shape steps{space.shape()[0], 1, space.shape()[2], 1};
    const ValueId kept = ops::reshape(graph, mask, steps);
    const ValueId sum = ops::reduce_sum(graph, ops::multiply(graph, space.images(), kept), {1, 2}, true);
    mean = ops::divide(graph, sum, ops::reduce_sum(graph, kept, {1, 2}, true));
  } else {
    mean = ops::reduce_mean(graph, space.images(), {1, 2}, true);
  }
  return space.restore_global(mean, builder.flag("keepdims"));
}

}  // namespace

extern const LayerType global_average_pooling1d;
constinit const LayerType global_average_pooling1d{
    .id = "GlobalAveragePooling1D",
    .summary = "The mean of each channel",
    .defaults = R"({"data_format": "channels_last", "keepdims": false})",
    .build = build,
};

}  // namespace evenflow::layers
