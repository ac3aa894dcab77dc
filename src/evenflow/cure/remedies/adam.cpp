// D. Kingma, J. Ba, "Adam", ICLR 2015.
#include "evenflow/base/text.h"
#include "evenflow/cure/rates.h"

namespace evenflow::remedy_items {
namespace {

Treatment apply(const Case& c) {
  const Item present = chosen_optimizer(c.recipe);
  if (present.type == "Adam" || present.type == "AdamW")
    return Refusal{"the optimizer is " + present.type + " already"};
  Treated treated{.recipe = c.recipe};
  Item adam = Adam{};
  for (const char* key : {"clipnorm", "global_clipnorm", "clipvalue", "weight_decay"}) {
    if (present.config.contains(key)) adam.config[key] = present.config[key];
  }
  treated.recipe.model.compile->optimizer = std::move(adam);
  treated.change = fmt::format("Adam(0.001) instead of {}", present.type);
  return treated;
}

}  // namespace

extern const Remedy adam;
constinit const Remedy adam{
    .id = "adam",
    .kind = RemedyKind::optimizer,
    .summary = "Adam with its standard settings",
    .effect = "rescales each weight's gradient: layers with small gradients train as well, down to its epsilon",
    .treats = "vanishing slow oscillating diverging rate",
    .cost = 1,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
