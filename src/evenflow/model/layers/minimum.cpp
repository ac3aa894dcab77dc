#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return merge(builder, ops::minimum, Masked::the_other);
}

}  // namespace

extern const LayerType minimum;
constinit const LayerType minimum{
    .id = "Minimum",
    .summary = "The smallest of its inputs, element by element",
    .defaults = "{}",
    .minimum_inputs = 1,
    .maximum_inputs = kAnyNumber,
    .build = build,
};

}  // namespace evenflow::layers
