// D. Hendrycks, K. Gimpel, "Gaussian error linear units", arXiv 1606.08415. With He's variance a deep plain network of
// them collapses: the critical variances are others.
#include "evenflow/cure/replace_activation.h"

namespace evenflow::remedy_items {

extern const Remedy gelu;
constinit const Remedy gelu{
    .id = "gelu",
    .kind = RemedyKind::activation,
    .summary = "GELU with its critical variances: weights 1.983 / fan-in, biases 0.173",
    .effect = "-0.18 decades over 30 layers",
    .treats = "vanishing exploding dead saturation",
    .cost = 2,
    .apply = [](const Case& c) { return replace_activation(c, "gelu"); },
};

}  // namespace evenflow::remedy_items
