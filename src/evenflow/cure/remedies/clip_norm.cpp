#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/cure/clipping.h"

namespace evenflow::remedy_items {
namespace {

Treatment apply(const Case& c) {
  const auto variables = static_cast<double>(std::max<std::size_t>(1, c.trace.path.size()));
  return clip(c, "clipnorm", c.course.median_norm / std::sqrt(variables),
              "the median of the measured global norms, shared out over the layers");
}

}  // namespace

extern const Remedy clip_norm;
constinit const Remedy clip_norm{
    .id = "clip_norm",
    .kind = RemedyKind::clipping,
    .summary = "Each variable's gradient clipped to its share of the measured global norm",
    .effect = "one layer whose gradient dominates no longer throttles the others",
    .treats = "exploding diverging",
    .cost = 1,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
