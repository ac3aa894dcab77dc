#include "evenflow/cure/insert_normalization.h"

#include "evenflow/base/text.h"

namespace evenflow {

Treatment insert_normalization(const Case& c, const std::string& type) {
  if (const std::string reason = cannot_rewrite(c.recipe.model); !reason.empty()) return Refusal{reason};
  Treated treated{.recipe = c.recipe};
  Model& model = treated.recipe.model;
  std::vector<std::string> changed;
  for (const Site& site : treatable(c)) {
    if (!site.normalization.empty() || site.activation_layer.empty()) continue;
    split_activation(model, site);
    insert_after(model, site.layer, layer(type), site.layer + "_normalized");
    changed.push_back(site.layer);
  }
  if (changed.empty()) return Refusal{"every hidden layer is normalized already, or has no activation"};
  treated.change = fmt::format("{} in front of the activation {}", type, in_layers(changed));
  return treated;
}

}  // namespace evenflow
