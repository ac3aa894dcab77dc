#include "evenflow/model/optimizer_type.h"

namespace evenflow::optimizers {

extern const OptimizerType adam;

// I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019: Adam with a default for weight_decay,
// which every optimizer applies apart from its rule.
extern const OptimizerType adamw;
constinit const OptimizerType adamw{
    .id = "AdamW",
    .defaults = R"({"learning_rate": 0.001, "weight_decay": 0.004, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07,
                    "amsgrad": false})",
    .adaptive = true,
    .interleaved = 2,
    .rule = [](const Json& config) { return adam.rule(config); },
    .steady_update = [](const Json& config, double learning_rate,
                        double gradient) { return adam.steady_update(config, learning_rate, gradient); },
};

}  // namespace evenflow::optimizers
