// B. Poole et al., "Exponential expressivity in deep neural networks through transient chaos", NeurIPS 2016.
#include "evenflow/cure/replace_activation.h"

namespace evenflow::remedy_items {

extern const Remedy tanh;
constinit const Remedy tanh{
    .id = "tanh",
    .kind = RemedyKind::activation,
    .summary = "tanh on its critical line: weight variance 1.761 / fan-in, bias variance 0.05",
    .effect = "-0.17 decades over 30 layers; bounded outputs",
    .treats = "vanishing exploding dead",
    .cost = 2,
    .apply = [](const Case& c) { return replace_activation(c, "tanh"); },
};

}  // namespace evenflow::remedy_items
