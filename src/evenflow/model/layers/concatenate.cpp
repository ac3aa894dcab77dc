#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const Shape& first = builder.shape();
  const int axis = sample_axis(builder, "axis", builder.integer("axis"));
  for (const ValueId input : builder.inputs()) {
    const Shape& shape = graph.shape(input);
    if (shape.rank() != first.rank() || shape.with(axis, 1) != first.with(axis, 1)) {
      builder.misfit("the shapes must agree in all axes but the concatenated one");
    }
  }
  return ops::concatenate(graph, {builder.inputs().begin(), builder.inputs().end()}, axis);
}

}  // namespace

extern const LayerType concatenate;
constinit const LayerType concatenate{
    .id = "Concatenate",
    .summary = "Its inputs one after the other along an axis",
    .defaults = R"({"axis": -1})",
    .minimum_inputs = 1,
    .maximum_inputs = kAnyNumber,
    .build = build,
};

}  // namespace evenflow::layers
