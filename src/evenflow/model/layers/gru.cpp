#include "evenflow/model/recurrent_layer.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return build_recurrent(builder, builder.flag("reset_after") ? ops::Cell::gru_reset_after : ops::Cell::gru);
}

// reset_after is false in Keras 2.2 and 2.3 unless it is written (spec: B, version table).
void upgrade(Json& config, KerasVersion version) {
  upgrade_recurrent(config, version);
  const bool standalone = version.major == 2 && version.minor <= 3;
  if (standalone && !config.contains("reset_after")) config["reset_after"] = false;
}

}  // namespace

extern const LayerType gru;
constinit const LayerType gru{
    .id = "GRU",
    .summary = "gated recurrent unit (Cho et al. 2014) over time",
    .defaults = R"({"units": null, "activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": true,
                    "use_bias": true,
                    "kernel_initializer": "glorot_uniform", "recurrent_initializer": "orthogonal",
                    "bias_initializer": "zeros",
                    "kernel_regularizer": null, "recurrent_regularizer": null, "bias_regularizer": null,
                    "kernel_constraint": null, "recurrent_constraint": null, "bias_constraint": null,
                    "dropout": 0.0, "recurrent_dropout": 0.0, "seed": null, "return_sequences": false,
                    "return_state": false, "go_backwards": false, "stateful": false,
                    "zero_output_for_mask": false})",
    .maximum_inputs = 2,
    .build = build,
    .upgrade = upgrade,
};

}  // namespace evenflow::layers
