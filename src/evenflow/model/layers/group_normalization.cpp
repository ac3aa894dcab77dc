#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const int axis = sample_axis(builder, "axis", builder.integer("axis"));
  const Shape shape = builder.shape();
  const std::int64_t channels = shape[axis];
  const std::int64_t groups = builder.integer("groups") == -1 ? channels : builder.integer("groups");
  if (groups < 1) builder.wrong("groups", "must be at least 1, or -1");
  if (channels % groups != 0) builder.misfit(fmt::format("expects channels that {} groups divide", groups));

  // (batch, groups, all that is normalized together), by way of (batch, before, groups, in group, after).
  const std::int64_t before = shape.count(1, axis);
  const std::int64_t after = shape.count(axis + 1, shape.rank());
  ValueId x = ops::reshape(graph, builder.input(), {shape[0], before, groups, channels / groups, after});
  if (before > 1) x = ops::transpose(graph, x, {0, 2, 1, 3, 4});
  x = ops::layer_normalization(graph, x, {}, {},
                               {.axis = before > 1 ? 2 : 3, .epsilon = static_cast<float>(builder.number("epsilon"))});
  if (before > 1) x = ops::transpose(graph, x, {0, 2, 1, 3, 4});
  x = ops::reshape(graph, x, shape);

  Shape along{channels};  // broadcasts over x
  for (int i = axis + 1; i < shape.rank(); ++i) along = evenflow::concatenate(along, Shape{1});
  if (builder.flag("scale"))
    x = ops::multiply(graph, x, ops::reshape(graph, builder.weight("gamma", {channels}), along));
  if (builder.flag("center")) x = ops::add(graph, x, ops::reshape(graph, builder.weight("beta", {channels}), along));
  return x;
}

}  // namespace

extern const LayerType group_normalization;
constinit const LayerType group_normalization{
    .id = "GroupNormalization",
    .summary = "Normalizes each sample over groups of channels",
    .defaults = R"({"groups": 32, "axis": -1, "epsilon": 0.001, "center": true, "scale": true,
                    "gamma_initializer": "ones", "beta_initializer": "zeros",
                    "gamma_regularizer": null, "beta_regularizer": null,
                    "gamma_constraint": null, "beta_constraint": null})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
