#include "evenflow/model/recurrent_layer.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return build_recurrent(builder, ops::Cell::simple);
}

}  // namespace

extern const LayerType simple_rnn;
constinit const LayerType simple_rnn{
    .id = "SimpleRNN",
    .summary = "h = activation(x kernel + h recurrent_kernel + bias) over time",
    .defaults = R"({"units": null, "activation": "tanh", "use_bias": true,
                    "kernel_initializer": "glorot_uniform", "recurrent_initializer": "orthogonal",
                    "bias_initializer": "zeros",
                    "kernel_regularizer": null, "recurrent_regularizer": null, "bias_regularizer": null,
                    "kernel_constraint": null, "recurrent_constraint": null, "bias_constraint": null,
                    "dropout": 0.0, "recurrent_dropout": 0.0, "seed": null, "return_sequences": false,
                    "return_state": false, "go_backwards": false, "stateful": false,
                    "zero_output_for_mask": false})",
    .maximum_inputs = 2,
    .build = build,
    .upgrade = upgrade_recurrent,
};

}  // namespace evenflow::layers
