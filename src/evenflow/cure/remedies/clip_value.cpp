#include "evenflow/base/text.h"
#include "evenflow/cure/clipping.h"

namespace evenflow::remedy_items {
namespace {

Treatment apply(const Case& c) {
  return clip(c, "clipvalue", c.course.median_element, "the median of the largest gradient elements");
}

}  // namespace

extern const Remedy clip_value;
constinit const Remedy clip_value{
    .id = "clip_value",
    .kind = RemedyKind::clipping,
    .summary = "Gradient elements clipped to the median of the largest that were measured",
    .effect = "tames single elements; changes the gradient's direction",
    .treats = "diverging spikes",
    .cost = 1,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
