// A. Maas et al., "Rectifier nonlinearities improve neural network acoustic models", ICML 2013.
#include "evenflow/cure/replace_activation.h"

namespace evenflow::remedy_items {

extern const Remedy leaky_relu;
constinit const Remedy leaky_relu{
    .id = "leaky_relu",
    .kind = RemedyKind::activation,
    .summary = "Leaky ReLU (slope 0.2) with initial variance 2 / (1.04 fan-in)",
    .effect = "as ReLU, and no unit can die",
    .treats = "vanishing exploding dead saturation slow",
    .cost = 2,
    .apply = [](const Case& c) { return replace_activation(c, "leaky_relu"); },
};

}  // namespace evenflow::remedy_items
