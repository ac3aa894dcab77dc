#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return merge(builder, ops::add);
}

}  // namespace

extern const LayerType add;
constinit const LayerType add{
    .id = "Add",
    .summary = "The sum of its inputs",
    .defaults = "{}",
    .minimum_inputs = 1,
    .maximum_inputs = kAnyNumber,
    .build = build,
};

}  // namespace evenflow::layers
