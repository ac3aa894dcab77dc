#include "evenflow/base/text.h"
#include "evenflow/model/layers/last_axes.h"

namespace evenflow::layers {
namespace {

// An input with the axis that is summed over at the end, and what is left of it and of the batch.
struct Operand {
  ValueId value;
  Shape rest;

  std::int64_t count() const { return rest.count(); }
};

Operand operand(LayerBuilder& builder, std::size_t input, std::int64_t given) {
  Graph& graph = builder.graph();
  ValueId x = builder.inputs()[input];
  const Shape shape = graph.shape(x);
  const std::int64_t axis = given < 0 ? given + shape.rank() : given;
  if (axis < 1 || axis >= shape.rank()) {
    builder.misfit(fmt::format("axes must name an axis other than the batch, not {}", given));
  }
  const auto summed = static_cast<int>(axis);
  if (builder.flag("normalize")) x = unit_norm(graph, x, {summed}, 1e-14f);
  std::vector<int> order(static_cast<std::size_t>(shape.rank()));
  std::iota(order.begin(), order.end(), 0);
  std::rotate(order.begin() + summed, order.begin() + summed + 1, order.end());
  if (summed != shape.rank() - 1) x = ops::transpose(graph, x, order);
  return {x, evenflow::concatenate(shape.slice(1, summed), shape.slice(summed + 1, shape.rank()))};
}

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const std::vector<std::int64_t> axes = builder.integers("axes", 2);
  const Operand a = operand(builder, 0, axes[0]);
  const Operand b = operand(builder, 1, axes[1]);
  const std::int64_t batch = builder.batch();
  const std::int64_t summed = graph.shape(a.value).back();
  if (graph.shape(b.value).back() != summed || graph.shape(b.value)[0] != batch) {
    builder.misfit("the summed axes must be equal");
  }
  const ValueId products = ops::multiply(graph, ops::reshape(graph, a.value, {batch, a.count(), 1, summed}),
                                         ops::reshape(graph, b.value, {batch, 1, b.count(), summed}));
  Shape result = evenflow::concatenate(Shape{batch}, evenflow::concatenate(a.rest, b.rest));
  if (result.rank() == 1) result = {batch, 1};
  return ops::reshape(graph, ops::reduce_sum(graph, products, {3}), result);
}

}  // namespace

extern const LayerType dot;
constinit const LayerType dot{
    .id = "Dot",
    .summary = "The scalar product of its two inputs along an axis of each",
    .defaults = R"({"axes": null, "normalize": false})",
    .minimum_inputs = 2,
    .maximum_inputs = 2,
    .build = build,
};

}  // namespace evenflow::layers
