#include "evenflow/base/text.h"
#include "evenflow/cure/rates.h"

namespace evenflow::remedy_items {
namespace {

Treatment apply(const Case& c) {
  const Item present = chosen_optimizer(c.recipe);
  if (present.type != "SGD") return Refusal{"the optimizer is " + present.type + ", which averages gradients already"};
  if (present.config.value("momentum", 0.0) > 0) return Refusal{"SGD has momentum already"};
  Treated treated{.recipe = c.recipe};
  treated.recipe.model.compile->optimizer.config["momentum"] = 0.9;
  treated.recipe.model.compile->optimizer.config["nesterov"] = true;
  treated.change = "Nesterov momentum 0.9";
  return treated;
}

}  // namespace

extern const Remedy momentum;
constinit const Remedy momentum{
    .id = "momentum",
    .kind = RemedyKind::optimizer,
    .summary = "SGD with Nesterov momentum 0.9",
    .effect = "ten times the step along directions that persist",
    .treats = "slow",
    .cost = 1,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
