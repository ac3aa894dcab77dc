#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

// Steps one after the other take their masks with them; features side by side are masked where all of them are.
ValueId joined_mask(LayerBuilder& builder, int axis) {
  Graph& graph = builder.graph();
  std::vector<ValueId> masks;
  int rank = 0;  // of a mask
  for (std::size_t i = 0; i < builder.inputs().size(); ++i) {
    if (builder.mask(i)) rank = graph.shape(builder.mask(i)).rank();
  }
  if (axis >= rank) return any_mask(builder);
  for (std::size_t i = 0; i < builder.inputs().size(); ++i) {
    const Shape steps = graph.shape(builder.inputs()[i]).slice(0, rank);
    masks.push_back(builder.mask(i) ? builder.mask(i) : graph.constant(Tensor(steps, 1.0f)));
  }
  return ops::concatenate(graph, masks, axis);
}

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
  builder.set_mask(joined_mask(builder, axis));
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
