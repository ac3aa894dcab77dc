#include "evenflow/cure/clipping.h"

#include "evenflow/base/text.h"
#include "evenflow/cure/rates.h"

namespace evenflow {

Treatment clip(const Case& c, const std::string& key, double threshold, const std::string& what) {
  // From here on the sum of squares is beyond float32, and a step is NaN before it can be clipped.
  constexpr double kLargestNorm = 1e19;
  if (c.course.global_norms.empty() || !(c.course.global_norms.front() < kLargestNorm)) {
    return Refusal{"the first gradient is not finite already: there is nothing left to clip"};
  }
  Treated treated{.recipe = c.recipe};
  Json& config = treated.recipe.model.compile->optimizer.config;
  const double present = config.contains(key) && config[key].is_number() ? config[key].get<double>() : 0;
  if (present > 0 && present <= 1.5 * threshold) {
    return Refusal{fmt::format("{}={:g} is as tight already", key, present)};
  }
  for (const char* other : {"clipnorm", "global_clipnorm", "clipvalue"}) config[other] = nullptr;
  config[key] = two_digits(threshold);
  treated.change = fmt::format("{}={:.2g}: {}", key, threshold, what);
  return treated;
}

}  // namespace evenflow
