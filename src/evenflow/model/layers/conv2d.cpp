#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

std::int64_t positive(const LayerBuilder& builder, std::string_view key) {
  const std::int64_t number = builder.integer(key);
  if (number < 1) builder.wrong(key, "must be at least 1");
  return number;
}

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const Window window = window_over_images(builder, "kernel_size", true);
  const bool strided = window.strides[0] > 1 || window.strides[1] > 1;
  if (strided && (window.dilation[0] > 1 || window.dilation[1] > 1)) {
    builder.wrong("dilation_rate", "must be 1 where the strides are not");
  }
  const std::int64_t filters = positive(builder, "filters");
  const std::int64_t groups = positive(builder, "groups");
  const std::int64_t channels = builder.shape().back();
  if (channels % groups != 0) builder.misfit(fmt::format("expects channels that {} groups divide", groups));
  if (filters % groups != 0) builder.wrong("filters", fmt::format("must be divisible by the {} groups", groups));

  const ValueId kernel = builder.weight("kernel", {window.extent[0], window.extent[1], channels / groups, filters});
  ValueId z =
      ops::conv2d(graph, builder.input(), kernel,
                  {.strides = window.strides, .dilation = window.dilation, .groups = groups, .pads = window.pads});
  if (builder.flag("use_bias")) z = ops::add(graph, z, builder.weight("bias", {filters}));
  builder.pre_activation(z);
  return builder.activate(z);
}

}  // namespace

extern const LayerType conv2d;
constinit const LayerType conv2d{
    .id = "Conv2D",
    .summary = "Convolution of images, bias and activation",
    .defaults = R"({"filters": null, "kernel_size": null, "strides": 1, "padding": "valid",
                    "data_format": "channels_last", "dilation_rate": 1, "groups": 1,
                    "activation": "linear", "use_bias": true,
                    "kernel_initializer": "glorot_uniform", "bias_initializer": "zeros",
                    "kernel_regularizer": null, "bias_regularizer": null,
                    "kernel_constraint": null, "bias_constraint": null})",
    .build = build,
};

}  // namespace evenflow::layers
