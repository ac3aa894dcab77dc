// Parametric rectifier: K. He, X. Zhang, S. Ren, J. Sun, arXiv:1502.01852.
#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

// The sample's shape with extent 1 at the shared axes.
Shape alpha_shape(LayerBuilder& builder) {
  Shape shape = builder.shape().slice(1, builder.shape().rank());
  if (builder.is_null("shared_axes")) return shape;
  for (const int axis : sample_axes(builder, "shared_axes")) shape = shape.with(axis - 1, 1);
  return shape;
}

// relu(x) - alpha relu(-x)
ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const UnaryFunction& relu = find_activation("relu")->kernel;
  const UnaryParameters parameters = choose_activation("relu").parameters;
  const ValueId alpha = builder.weight("alpha", alpha_shape(builder));
  const ValueId positive = ops::unary(graph, builder.input(), relu, parameters);
  const ValueId negative = ops::unary(graph, ops::negate(graph, builder.input()), relu, parameters);
  return ops::subtract(graph, positive, ops::multiply(graph, negative, alpha));
}

}  // namespace

extern const LayerType prelu;
constinit const LayerType prelu{
    .id = "PReLU",
    .summary = "Rectifier whose negative slopes are learned",
    .defaults =
        R"({"alpha_initializer": "zeros", "alpha_regularizer": null, "alpha_constraint": null, "shared_axes": null})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
