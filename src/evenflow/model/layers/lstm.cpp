#include "evenflow/model/recurrent_layer.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return build_recurrent(builder, ops::Cell::lstm);
}

}  // namespace

extern const LayerType lstm;
constinit const LayerType lstm{
    .id = "LSTM",
    .summary = "long short-term memory (Hochreiter and Schmidhuber 1997) over time",
    .defaults = R"({"units": null, "activation": "tanh", "recurrent_activation": "sigmoid", "unit_forget_bias": true,
                    "use_bias": true,
                    "kernel_initializer": "glorot_uniform", "recurrent_initializer": "orthogonal",
                    "bias_initializer": "zeros",
                    "kernel_regularizer": null, "recurrent_regularizer": null, "bias_regularizer": null,
                    "kernel_constraint": null, "recurrent_constraint": null, "bias_constraint": null,
                    "dropout": 0.0, "recurrent_dropout": 0.0, "seed": null, "return_sequences": false,
                    "return_state": false, "go_backwards": false, "stateful": false,
                    "zero_output_for_mask": false})",
    .maximum_inputs = 3,
    .build = build,
    .upgrade = upgrade_recurrent,
};

}  // namespace evenflow::layers
