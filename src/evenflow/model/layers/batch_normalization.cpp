#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

// tf.keras's kernel for images put the unbiased variance into the moving one; Keras 3 puts the biased one.
float moving_variance_factor(LayerBuilder& builder, int axis) {
  const Shape shape = builder.shape();
  const bool images = shape.rank() == 4 && (axis == 1 || axis == 3);
  if (builder.model().keras.major != 2 || !images) return 1.0f;
  const auto count = static_cast<double>(shape.count() / shape[axis]);
  return count > 1 ? static_cast<float>(count / (count - 1)) : 1.0f;
}

struct Variables {
  ValueId gamma, beta, mean, variance;  // gamma and beta may be absent
};

// The same with the statistics of those steps alone that the mask keeps; all steps are normalized.
ValueId normalize_masked(LayerBuilder& builder, const Variables& own, const ops::BatchNormalizationOptions& options) {
  Graph& graph = builder.graph();
  const ValueId x = builder.input();
  const Shape shape = builder.shape();
  const ValueId kept = ops::broadcast_to(graph, mask_along(graph, builder.mask(), x), shape);
  std::vector<int> others;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (axis != options.axis) others.push_back(axis);
  }
  const auto mean_of_kept = [&](ValueId values, ValueId divisor) {
    return ops::divide(graph, ops::reduce_sum(graph, ops::multiply(graph, values, kept), others, true), divisor);
  };
  const ValueId count = ops::add(graph, ops::reduce_sum(graph, kept, others, true), graph.scalar(1e-7f));
  const ValueId mean = mean_of_kept(x, count);
  const ValueId centered = ops::subtract(graph, x, mean);
  const ValueId variance = mean_of_kept(ops::multiply(graph, centered, centered), count);
  const Shape channels{shape[options.axis]};
  ops::moving_average(graph, own.mean, ops::reshape(graph, mean, channels), options.momentum);
  ops::moving_average(graph, own.variance, ops::reshape(graph, variance, channels), options.momentum);
  ValueId y = ops::multiply(graph, centered, ops::inverse_root(graph, variance, options.epsilon));
  const Shape along = graph.shape(mean);
  if (own.gamma) y = ops::multiply(graph, y, ops::reshape(graph, own.gamma, along));
  return own.beta ? ops::add(graph, y, ops::reshape(graph, own.beta, along)) : y;
}

// Batch statistics are used while training, unless the layer is frozen.
ValueId build(LayerBuilder& builder) {
  const int axis = sample_axis(builder, "axis", builder.integer("axis"));
  const ops::BatchNormalizationOptions options{.axis = axis,
                                               .epsilon = static_cast<float>(builder.number("epsilon")),
                                               .momentum = static_cast<float>(builder.number("momentum")),
                                               .moving_variance_factor = moving_variance_factor(builder, axis)};
  const Shape channels{builder.shape()[axis]};
  const Variables own{.gamma = builder.flag("scale") ? builder.weight("gamma", channels) : ValueId{},
                      .beta = builder.flag("center") ? builder.weight("beta", channels) : ValueId{},
                      .mean = builder.weight("moving_mean", channels, false),
                      .variance = builder.weight("moving_variance", channels, false)};
  const bool learns = builder.training() && builder.trainable();
  const ValueId mask = builder.mask();
  if (learns && mask && builder.model().keras.major >= 3) {
    if (builder.graph().shape(mask).rank() != builder.shape().rank() - 1) {
      builder.misfit("the mask must have one axis less than the input");
    }
    return normalize_masked(builder, own, options);
  }
  const auto normalize = learns ? ops::batch_normalization : ops::batch_normalization_inference;
  return normalize(builder.graph(), builder.input(), own.gamma, own.beta, own.mean, own.variance, options);
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
    .passes_mask = true,
    .upgrade = upgrade,
};

}  // namespace evenflow::layers
