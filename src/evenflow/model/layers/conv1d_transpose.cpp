#include "evenflow/model/layers/transposed_convolution.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return transposed_convolution(builder, 1);
}

}  // namespace

extern const LayerType conv1d_transpose;
constinit const LayerType conv1d_transpose{
    .id = "Conv1DTranspose",
    .summary = "Transposed convolution of sequences, bias and activation",
    .defaults = R"({"filters": null, "kernel_size": null, "strides": 1, "padding": "valid",
                    "data_format": "channels_last", "dilation_rate": 1, "output_padding": null,
                    "activation": "linear", "use_bias": true,
                    "kernel_initializer": "glorot_uniform", "kernel_regularizer": null, "kernel_constraint": null,
                    "bias_initializer": "zeros", "bias_regularizer": null, "bias_constraint": null})",
    .build = build,
    .upgrade = drop_groups,
};

}  // namespace evenflow::layers
