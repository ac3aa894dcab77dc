#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return merge(builder, ops::subtract);
}

}  // namespace

extern const LayerType subtract;
constinit const LayerType subtract{
    .id = "Subtract",
    .summary = "The first input less the second",
    .defaults = "{}",
    .minimum_inputs = 2,
    .maximum_inputs = 2,
    .build = build,
};

}  // namespace evenflow::layers
