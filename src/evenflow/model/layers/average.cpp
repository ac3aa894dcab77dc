#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  const float share = 1.0f / static_cast<float>(builder.inputs().size());
  return ops::scale(builder.graph(), merge(builder, ops::add), share);
}

}  // namespace

extern const LayerType average;
constinit const LayerType average{
    .id = "Average",
    .summary = "The mean of its inputs",
    .defaults = "{}",
    .minimum_inputs = 1,
    .maximum_inputs = kAnyNumber,
    .build = build,
};

}  // namespace evenflow::layers
