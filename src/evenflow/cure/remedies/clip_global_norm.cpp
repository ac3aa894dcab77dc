#include "evenflow/base/text.h"
#include "evenflow/cure/clipping.h"

namespace evenflow::remedy_items {
namespace {

// Once the mean of the norms (R. Pascanu et al., ICML 2013, who found 0.5 to 10 times to work); the median, because
// spikes are what is to be clipped.
Treatment apply(const Case& c) {
  return clip(c, "global_clipnorm", c.course.median_norm, "the median of the measured global norms");
}

}  // namespace

extern const Remedy clip_global_norm;
constinit const Remedy clip_global_norm{
    .id = "clip_global_norm",
    .kind = RemedyKind::clipping,
    .summary = "Gradients clipped together to the median of their measured global norm",
    .effect = "spikes and exploding gradients no longer throw the weights away; the direction stays",
    .treats = "exploding diverging spikes",
    .cost = 1,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
