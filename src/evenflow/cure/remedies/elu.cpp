// D.-A. Clevert et al., "Fast and accurate deep network learning by exponential linear units", ICLR 2016.
#include "evenflow/cure/replace_activation.h"

namespace evenflow::remedy_items {

extern const Remedy elu;
constinit const Remedy elu{
    .id = "elu",
    .kind = RemedyKind::activation,
    .summary = "ELU on its critical line: weight variance 1.511 / fan-in, bias variance 0.04",
    .effect = "-0.03 decades over 30 layers, and no unit can die",
    .treats = "vanishing exploding dead saturation slow",
    .cost = 2,
    .apply = [](const Case& c) { return replace_activation(c, "elu"); },
};

}  // namespace evenflow::remedy_items
