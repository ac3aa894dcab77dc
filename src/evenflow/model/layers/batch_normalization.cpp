#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

// Batch statistics are used while training, unless the layer is frozen.
ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const int axis = sample_axis(builder, "axis", builder.integer("axis"));
  const ops::BatchNormalizationOptions options{.axis = axis,
                                               .epsilon = static_cast<float>(builder.number("epsilon")),
                                               .momentum = static_cast<float>(builder.number("momentum"))};
  const Shape channels{builder.shape()[axis]};
  const ValueId gamma = builder.flag("scale") ? builder.weight("gamma", channels) : ValueId{};
  const ValueId beta = builder.flag("center") ? builder.weight("beta", channels) : ValueId{};
  const ValueId mean = builder.weight("moving_mean", channels, false);
  const ValueId variance = builder.weight("moving_variance", channels, false);
  const auto normalize =
      builder.training() && builder.trainable() ? ops::batch_normalization : ops::batch_normalization_inference;
  return normalize(graph, builder.input(), gamma, beta, mean, variance, options);
}

// tf.keras wrote the axis as a list of one.
void upgrade(Json& config, KerasVersion) {
  const auto axis = config.find("axis");
  if (axis != config.end() && axis->is_array() && axis->size() == 1) config["axis"] = Json((*axis)[0]);
  if (!config.contains("renorm") || config["renorm"] == false) config.erase("renorm_momentum");
}

}  // namespace

extern const LayerType batch_normalization;
constinit const LayerType batch_normalization{
    .id = "BatchNormalization",
    .summary = "Normalizes each channel over the batch",
    .defaults = R"({"axis": -1, "momentum": 0.99, "epsilon": 0.001, "center": true, "scale": true,
                    "gamma_initializer": "ones", "beta_initializer": "zeros",
                    "moving_mean_initializer": "zeros", "moving_variance_initializer": "ones",
                    "gamma_regularizer": null, "beta_regularizer": null,
                    "gamma_constraint": null, "beta_constraint": null})",
    .build = build,
    .upgrade = upgrade,
};

}  // namespace evenflow::layers
