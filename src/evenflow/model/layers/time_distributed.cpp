#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/wrapped_layer.h"

namespace evenflow::layers {
namespace {

// All time steps of all samples are samples of the inner layer.
ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const Shape shape = builder.shape();
  if (shape.rank() < 3) builder.misfit("expects sequences (None, time steps, ...)");
  const Layer inner = wrapped_layer(builder, "layer");
  if (inner.type == "BatchNormalization" && builder.training()) {
    builder.unsupported("layer", "its statistics would be those of each time step alone");
  }
  const Shape steps = concatenate(Shape{shape[0] * shape[1]}, shape.slice(2, shape.rank()));
  const LayerBuilder::Inner result = builder.call(inner, {ops::reshape(graph, builder.input(), steps)});
  const Shape output = graph.shape(result.output);
  builder.set_mask(builder.mask(0));
  return ops::reshape(graph, result.output, concatenate(shape.slice(0, 2), output.slice(1, output.rank())));
}

}  // namespace

extern const LayerType time_distributed;
constinit const LayerType time_distributed{
    .id = "TimeDistributed",
    .summary = "a layer applied to every time step",
    .defaults = R"({"layer": null})",
    .build = build,
};

}  // namespace evenflow::layers
