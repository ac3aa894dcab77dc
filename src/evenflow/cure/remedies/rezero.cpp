// T. Bachlechner et al., "ReZero is all you need", arXiv 2003.04887: branches begin at 0 and the network as an
// identity. Keras has no layer that is a single learned number: the factor is batch normalization's gamma, as in P.
// Goyal et al., arXiv 1706.02677.
#include "evenflow/cure/residual_branches.h"

namespace evenflow::remedy_items {
namespace {

Treatment apply(const Case& c) {
  const auto scale = [](std::size_t) { return layer("BatchNormalization", {{"gamma_initializer", "zeros"}}); };
  return add_residual_branches(c, scale, "residual connections around branches that begin at 0");
}

}  // namespace

extern const Remedy rezero;
constinit const Remedy rezero{
    .id = "rezero",
    .kind = RemedyKind::residual,
    .summary = "Residual connections around branches whose learned factor begins at 0",
    .effect = "0.00 decades at the start, at any depth",
    .treats = "vanishing exploding collapse",
    .cost = 3,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
