#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return merge(builder, ops::maximum, Masked::the_other);
}

}  // namespace

extern const LayerType maximum;
constinit const LayerType maximum{
    .id = "Maximum",
    .summary = "The largest of its inputs, element by element",
    .defaults = "{}",
    .minimum_inputs = 1,
    .maximum_inputs = kAnyNumber,
    .build = build,
};

}  // namespace evenflow::layers
