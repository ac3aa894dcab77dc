// 4 sigmoid(z) - 2 is 2 tanh(z / 2): with slope 1 at 0 and mean 0 a network of them is one of tanh at its critical
// point (theory, section 1.11; there the centring is in the biases, which is the same network). For those who must keep
// sigmoids.
#include "evenflow/base/text.h"
#include "evenflow/cure/rewrite.h"

namespace evenflow::remedy_items {
namespace {

Treatment apply(const Case& c) {
  if (const std::string reason = cannot_rewrite(c.recipe.model); !reason.empty()) return Refusal{reason};
  Treated treated{.recipe = c.recipe};
  Model& model = treated.recipe.model;
  std::vector<std::string> changed;
  for (const Site& site : treatable(c)) {
    if (site.activation.name != "sigmoid") continue;
    set_initialization(model, site.layer, scaled_initialization(site.keep_probability));
    insert_after(model, site.activation_layer, layer("Rescaling", {{"scale", 4.0}, {"offset", -2.0}}),
                 site.layer + "_centred");
    changed.push_back(site.layer);
  }
  if (changed.empty()) return Refusal{"no hidden layer is a sigmoid"};
  treated.change = "4 sigmoid - 2 with lecun_normal instead of sigmoid " + in_layers(changed);
  return treated;
}

}  // namespace

extern const Remedy centred_sigmoid;
constinit const Remedy centred_sigmoid{
    .id = "centred_sigmoid",
    .kind = RemedyKind::activation,
    .summary = "Sigmoids centred and stretched to 4 sigmoid - 2, with LeCun initialization",
    .effect = "the sigmoid stays, and the network is one of tanh at criticality: -0.8 decades over 30 layers",
    .treats = "vanishing saturation",
    .cost = 2,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
