#include "evenflow/cure/replace_activation.h"

#include <set>

#include "evenflow/base/text.h"

namespace evenflow {

Treatment replace_activation(const Case& c, std::string_view activation) {
  if (const std::string reason = cannot_rewrite(c.recipe.model); !reason.empty()) return Refusal{reason};
  const ActivationChoice wanted = choose_activation(std::string(activation));
  Treated treated{.recipe = c.recipe};
  Model& model = treated.recipe.model;
  std::vector<std::string> changed;
  std::set<std::string> replaced;
  std::string initializer;
  for (const Site& site : treatable(c)) {
    if (site.activation_layer.empty() || site.activation.name == wanted.name) continue;
    const Initialization initialization = critical_initialization(wanted, site.keep_probability).value();
    set_activation(model, site, activation);
    set_initialization(model, site.layer, initialization);
    replaced.emplace(site.activation.name);
    initializer = initialization.text;
    changed.push_back(site.layer);
  }
  if (changed.empty()) return Refusal{fmt::format("no hidden layer has an activation other than {}", activation)};
  treated.change = fmt::format("{} with {} instead of {} {}", activation, initializer,
                               join(std::vector<std::string>(replaced.begin(), replaced.end())), in_layers(changed));
  return treated;
}

}  // namespace evenflow
