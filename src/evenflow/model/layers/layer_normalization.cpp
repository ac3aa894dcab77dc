#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  const std::vector<int> axes = sample_axes(builder, "axis");
  const int rank = builder.shape().rank();
  if (axes.back() != rank - 1 || axes.back() - axes.front() + 1 != static_cast<int>(axes.size())) {
    builder.unsupported("axis", "the normalized axes must be the last ones");
  }
  const Shape normalized = builder.shape().slice(axes.front(), rank);
  const ValueId gamma = builder.flag("scale") ? builder.weight("gamma", normalized) : ValueId{};
  const ValueId beta = builder.flag("center") ? builder.weight("beta", normalized) : ValueId{};
  return ops::layer_normalization(builder.graph(), builder.input(), gamma, beta,
                                  {.axis = axes.front(), .epsilon = static_cast<float>(builder.number("epsilon"))});
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
};

}  // namespace evenflow::layers
