#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/cure/rewrite.h"

namespace evenflow::remedy_items {
namespace {

// Variances this near are the same: the depth at which a factor of 1.02 per layer makes a decade is beyond 200.
constexpr double kSame = 0.02;

Treatment apply(const Case& c) {
  if (const std::string reason = cannot_rewrite(c.recipe.model); !reason.empty()) return Refusal{reason};
  Treated treated{.recipe = c.recipe};
  Model& model = treated.recipe.model;
  const std::map<std::string, double> drawn = drawn_weight_variances(model);
  std::vector<std::string> changed;
  std::string text;
  int without = 0;
  for (const Site& site : treatable(c)) {
    const auto wanted = critical_initialization(site.activation, site.keep_probability);
    if (!wanted) {
      ++without;
      continue;
    }
    const bool same_bias = wanted->bias_variance == 0;
    if (same_bias && std::abs(drawn.at(site.layer) / wanted->weight_variance - 1) <= kSame) continue;
    set_initialization(model, site.layer, *wanted);
    text = wanted->text;
    changed.push_back(site.layer);
  }
  if (changed.empty()) {
    return Refusal{without > 0 ? "no initial weights keep the gradient's size through sigmoid, softplus and the like"
                               : "the initial weights fit the activations already"};
  }
  treated.change = fmt::format("initial weights that fit the activation ({}) {}", text, in_layers(changed));
  return treated;
}

}  // namespace

extern const Remedy fitting_initialization;
constinit const Remedy fitting_initialization{
    .id = "fitting_initialization",
    .kind = RemedyKind::initialization,
    .summary = "Each hidden layer's initial variance from its own activation and the dropout in front of it",
    .effect = "the critical variance keeps the gradient's size: N(0, 0.05) with ReLU -11.6 -> -0.02 over 30 layers",
    .treats = "vanishing exploding dead saturation slow initialization",
    .cost = 1,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
