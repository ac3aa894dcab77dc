// P. Ramachandran et al., "Searching for activation functions", arXiv 1710.05941; critical variances as for GELU.
#include "evenflow/cure/replace_activation.h"

namespace evenflow::remedy_items {

extern const Remedy silu;
constinit const Remedy silu{
    .id = "silu",
    .kind = RemedyKind::activation,
    .summary = "SiLU with its critical variances: weights 1.988 / fan-in, biases 0.555",
    .effect = "-0.56 decades over 30 layers",
    .treats = "vanishing exploding dead saturation",
    .cost = 2,
    .apply = [](const Case& c) { return replace_activation(c, "silu"); },
};

}  // namespace evenflow::remedy_items
