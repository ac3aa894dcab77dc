// Batch normalization without skip connections multiplies the gradient by at least 1 in each layer, whatever the
// weights (theory, section 2.5).
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
    const auto fitting = critical_initialization(site.activation, site.keep_probability);
    if (site.normalization.empty() || model.find(site.normalization)->type != "BatchNormalization" || !fitting)
      continue;
    remove_layer(model, site.normalization);
    set_initialization(model, site.layer, *fitting);
    changed.push_back(site.layer);
  }
  if (changed.empty()) return Refusal{"no hidden layer with batch normalization and an activation that can do without"};
  treated.change = "no batch normalization, initial weights that fit the activation instead, " + in_layers(changed);
  return treated;
}

}  // namespace

extern const Remedy remove_normalization;
constinit const Remedy remove_normalization{
    .id = "remove_normalization",
    .kind = RemedyKind::normalization,
    .summary = "Batch normalization taken out, fitting initial weights put in",
    .effect = "a plain ReLU network with batch normalization +8.0 -> -0.1 decades over 100 layers",
    .treats = "exploding normalization",
    .cost = 2,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
