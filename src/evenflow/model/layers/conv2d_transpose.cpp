#include "evenflow/model/layers/transposed_convolution.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return transposed_convolution(builder, 2);
}

}  // namespace

extern const LayerType conv2d_transpose;
constinit const LayerType conv2d_transpose{
    .id = "Conv2DTranspose",
    .summary = "Transposed convolution of images, bias and activation",
    .defaults = R"({"filters": null, "kernel_size": null, "strides": 1, "padding": "valid",
                    "data_format": "channels_last", "dilation_rate": 1, "output_padding": null,
                    "activation": "linear", "use_bias": true,
                    "kernel_initializer": "glorot_uniform", "kernel_regularizer": null, "kernel_constraint": null,
                    "bias_initializer": "zeros", "bias_regularizer": null, "bias_constraint": null})",
    .build = build,
    .upgrade = drop_groups,
};

}  // namespace evenflow::layers
