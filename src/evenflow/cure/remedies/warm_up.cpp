// P. Goyal et al., arXiv 1706.02677: the rate grows from 0 over the first steps, in which the network is the least
// predictable, and falls along a cosine afterwards.
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/cure/rates.h"

namespace evenflow::remedy_items {
namespace {

constexpr double kShare = 0.1;  // of the training

Treatment apply(const Case& c) {
  const Json& present = c.recipe.model.compile->optimizer.config.value("learning_rate", Json());
  if (present.is_object()) return Refusal{"the learning rate follows a schedule already"};
  const double rate = present_rate(c.recipe);
  const auto warm_up = static_cast<std::int64_t>(std::ceil(kShare * static_cast<double>(c.steps)));
  Treated treated{.recipe = c.recipe};
  set_rate(treated.recipe, {{"class_name", "CosineDecay"},
                            {"config",
                             {{"initial_learning_rate", 0.0},
                              {"decay_steps", std::max<std::int64_t>(1, c.steps - warm_up)},
                              {"alpha", 0.0},
                              {"warmup_target", rate},
                              {"warmup_steps", warm_up}}}});
  treated.change = fmt::format("learning rate from 0 to {:g} over {} steps, then down along a cosine", rate, warm_up);
  return treated;
}

}  // namespace

extern const Remedy warm_up;
constinit const Remedy warm_up{
    .id = "warm_up",
    .kind = RemedyKind::learning_rate,
    .summary = "The learning rate warmed up over a tenth of the training, then decayed",
    .effect = "no destructive first steps, and no oscillation at the end",
    .treats = "diverging oscillating spikes dead",
    .cost = 1,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
