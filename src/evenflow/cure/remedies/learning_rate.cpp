// L. Smith, "Cyclical learning rates for training neural networks", WACV 2017: a sweep of the rate finds where the loss
// leaves for good, which is at 1.6 to 1.8 times the stability limit 2 / sharpness; a tenth of that is taken (theory,
// section 5.4). Where the loss was the lowest long before it left, the network has died in between: then less.
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/cure/rates.h"
#include "evenflow/cure/remedy.h"

namespace evenflow::remedy_items {
namespace {

constexpr double kShare = 0.1;
constexpr double kShareOfBest = 0.2;  // the smoothed loss of the sweep is behind by most of a decade
constexpr double kUpdate = 0.03;      // of a layer's weights in a step; 0.1 is destructive (theory, section 5.5)
constexpr double kNear = 2.5;         // a rate within this factor is as good

Treatment apply(const Case& c) {
  if (!c.course.unstable_rate)
    return Refusal{"no learning rate of the sweep made the loss leave: there is no limit to go by"};
  const double rate = present_rate(c.recipe);
  const double limit = kShare * *c.course.unstable_rate;
  double largest = 0;
  for (const LayerTrace& layer : c.trace.layers) largest = std::max(largest, layer.update_ratio.value_or(0));
  double found = c.course.best_rate ? std::min(limit, kShareOfBest * *c.course.best_rate) : limit;
  // Only against a rate that is too large: the first steps of small weights are large beside them.
  if (largest > kUpdate && std::isfinite(largest)) found = std::min(found, rate * kUpdate / largest);
  const double wanted = two_digits(found);
  if (std::max(wanted / rate, rate / wanted) < kNear) {
    return Refusal{fmt::format("{:g} is near the {:g} that the sweep suggests", rate, wanted)};
  }
  Treated treated{.recipe = c.recipe};
  set_rate(treated.recipe, wanted);
  treated.change = fmt::format("learning rate {:g} instead of {:g}: well below where the loss leaves", wanted, rate);
  return treated;
}

}  // namespace

extern const Remedy learning_rate;
constinit const Remedy learning_rate{
    .id = "learning_rate",
    .kind = RemedyKind::learning_rate,
    .summary = "A tenth of the learning rate at which a sweep diverges",
    .effect = "below the stability limit 2 / sharpness, and not far below",
    .treats = "diverging oscillating spikes slow dead rate exploding",
    .cost = 1,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
