#include "evenflow/model/layers/last_axes.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  const LastAxes last(builder, sample_axes(builder, "axis"));
  const ValueId gamma = builder.flag("scale") ? builder.weight("gamma", last.shape()) : ValueId{};
  const ValueId beta = builder.flag("center") ? builder.weight("beta", last.shape()) : ValueId{};
  return last.restore(
      ops::layer_normalization(builder.graph(), last.input(), gamma, beta,
                               {.axis = last.first(), .epsilon = static_cast<float>(builder.number("epsilon"))}));
}

}  // namespace

extern const LayerType layer_normalization;
constinit const LayerType layer_normalization{
    .id = "LayerNormalization",
    .summary = "Normalizes each sample over its features",
    .defaults = R"({"axis": -1, "epsilon": 0.001, "center": true, "scale": true,
                    "gamma_initializer": "ones", "beta_initializer": "zeros",
                    "gamma_regularizer": null, "beta_regularizer": null,
                    "gamma_constraint": null, "beta_constraint": null})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
