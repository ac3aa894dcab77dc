// A. M. Saxe et al., ICLR 2014: all singular values of a layer alike, so that the spread between directions does not
// grow with depth as it does for Gaussian weights (theory, section 3).
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/cure/rewrite.h"

namespace evenflow::remedy_items {
namespace {

Treatment apply(const Case& c) {
  if (const std::string reason = cannot_rewrite(c.recipe.model); !reason.empty()) return Refusal{reason};
  Treated treated{.recipe = c.recipe};
  Model& model = treated.recipe.model;
  std::vector<std::string> changed;
  double gain = 1;
  for (const Site& site : treatable(c)) {
    const Layer& layer = *model.find(site.layer);
    auto wanted = critical_initialization(site.activation, site.keep_probability);
    if (layer.type != "Dense" || !wanted) continue;
    // gain^2 / max(fan-in, fan-out) is the variance that is wanted (theory, section 1.7).
    const auto in = static_cast<double>(site.input.back());
    const auto out = static_cast<double>(site.output.back());
    gain = std::sqrt(wanted->weight_variance * std::max(in, out) / in);
    wanted->kernel = {{"class_name", "Orthogonal"}, {"config", {{"gain", gain}}}};
    set_initialization(model, site.layer, *wanted);
    changed.push_back(site.layer);
  }
  if (changed.empty()) return Refusal{"no hidden dense layer with an activation for which there is a gain"};
  treated.change = fmt::format("orthogonal initial weights (gain {:.4g}) {}", gain, in_layers(changed));
  return treated;
}

}  // namespace

extern const Remedy orthogonal;
constinit const Remedy orthogonal{
    .id = "orthogonal",
    .kind = RemedyKind::initialization,
    .summary = "Orthogonal initial weights with the gain that fits each layer's activation",
    .effect = "as the fitting initialization, with smaller fluctuations and a better conditioned Jacobian",
    .treats = "vanishing exploding initialization",
    .cost = 1,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
