#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return merge(builder, ops::multiply, Masked::one);
}

}  // namespace

extern const LayerType multiply;
constinit const LayerType multiply{
    .id = "Multiply",
    .summary = "The product of its inputs",
    .defaults = "{}",
    .minimum_inputs = 1,
    .maximum_inputs = kAnyNumber,
    .build = build,
};

}  // namespace evenflow::layers
