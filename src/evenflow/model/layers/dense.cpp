#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_type.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const std::int64_t units = builder.integer("units");
  if (units < 1) builder.wrong("units", "must be at least 1");
  if (builder.shape().rank() < 2) builder.misfit("expects features (None, ..., features)");

  ValueId z = ops::matmul(graph, builder.input(), builder.weight("kernel", {builder.shape().back(), units}));
  if (builder.flag("use_bias")) z = ops::add(graph, z, builder.weight("bias", {units}));
  builder.pre_activation(z);
  return builder.activate(z);
}

}  // namespace

extern const LayerType dense;
constinit const LayerType dense{
    .id = "Dense",
    .summary = "activation(x kernel + bias) over the last axis",
    .defaults = R"({"units": null, "activation": "linear", "use_bias": true,
                    "kernel_initializer": "glorot_uniform", "bias_initializer": "zeros",
                    "kernel_regularizer": null, "bias_regularizer": null,
                    "kernel_constraint": null, "bias_constraint": null})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
