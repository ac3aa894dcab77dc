#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"
#include "evenflow/model/layer_type.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const Shape shape = builder.shape();
  if (shape.rank() < 3) builder.misfit("expects sequences (None, time steps, features)");
  const ValueId mask = ops::sequence_mask(graph, builder.input(), static_cast<float>(builder.number("mask_value")));
  builder.set_mask(mask);
  return ops::multiply(graph, builder.input(), ops::reshape(graph, mask, shape.with(shape.rank() - 1, 1)));
}

}  // namespace

extern const LayerType masking;
constinit const LayerType masking{
    .id = "Masking",
    .summary = "marks the time steps in which every feature is mask_value as padding",
    .defaults = R"({"mask_value": 0.0})",
    .build = build,
};

}  // namespace evenflow::layers
