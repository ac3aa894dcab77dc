#include "evenflow/model/layers/convolution.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return convolution(builder, 2);
}

}  // namespace

extern const LayerType conv2d;
constinit const LayerType conv2d{
    .id = "Conv2D",
    .summary = "Convolution of images, bias and activation",
    .defaults = R"({"filters": null, "kernel_size": null, "strides": 1, "padding": "valid",
                    "data_format": "channels_last", "dilation_rate": 1, "groups": 1,
                    "activation": "linear", "use_bias": true,
                    "kernel_initializer": "glorot_uniform", "kernel_regularizer": null, "kernel_constraint": null,
                    "bias_initializer": "zeros", "bias_regularizer": null, "bias_constraint": null})",
    .build = build,
};

}  // namespace evenflow::layers
