// A larger epsilon bounds the steps of weights whose gradients have been tiny and then are not: the spikes that
// adaptive optimizers make themselves (theory, section 4.3).
#include "evenflow/base/text.h"
#include "evenflow/cure/rates.h"

namespace evenflow::remedy_items {
namespace {

constexpr double kWanted = 1e-4;

Treatment apply(const Case& c) {
  const Item present = chosen_optimizer(c.recipe);
  if (!optimizer_type(present.type).adaptive) return Refusal{present.type + " has no epsilon"};
  const double epsilon = present.config.value("epsilon", 0.0);
  if (epsilon >= kWanted / 10) return Refusal{fmt::format("epsilon is {:g} already", epsilon)};
  Treated treated{.recipe = c.recipe};
  treated.recipe.model.compile->optimizer.config["epsilon"] = kWanted;
  treated.change = fmt::format("epsilon {:g} instead of {:g}", kWanted, epsilon);
  return treated;
}

}  // namespace

extern const Remedy epsilon;
constinit const Remedy epsilon{
    .id = "epsilon",
    .kind = RemedyKind::optimizer,
    .summary = "A larger epsilon of the adaptive optimizer",
    .effect = "no huge steps where the past gradients were tiny",
    .treats = "spikes oscillating diverging",
    .cost = 1,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
