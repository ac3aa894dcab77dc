#include "evenflow/model/layers/convolution.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return separable_convolution(builder, 1);
}

}  // namespace

extern const LayerType separable_conv1d;
constinit const LayerType separable_conv1d{
    .id = "SeparableConv1D",
    .summary = "Convolution of each channel of sequences on its own, then of all channels at each place",
    .defaults = R"({"filters": null, "kernel_size": null, "strides": 1, "padding": "valid",
                    "data_format": "channels_last", "dilation_rate": 1, "depth_multiplier": 1,
                    "activation": "linear", "use_bias": true,
                    "depthwise_initializer": "glorot_uniform", "depthwise_regularizer": null, "depthwise_constraint": null,
                    "pointwise_initializer": "glorot_uniform", "pointwise_regularizer": null, "pointwise_constraint": null,
                    "bias_initializer": "zeros", "bias_regularizer": null, "bias_constraint": null})",
    .build = build,
    .upgrade = drop_plain_keys,
};

}  // namespace evenflow::layers
