// Every weight gradient is tiny, the last layer's too: ratios between layers see nothing (theory, section 1.6).
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/flow.h"
#include "evenflow/health/rule.h"
#include "evenflow/health/zero.h"

namespace evenflow::rules {
namespace {

// Theory, section 8.1.
constexpr double kLost = -8;
// A gradient this small at the output itself: the network fits, there is nothing left to learn.
constexpr double kFitted = -6;

Verdict check(const Trace& trace) {
  if (trace.protocol != "loss")
    return Silence{"the scale of a gradient means something only with the model's own loss"};
  double smallest = 400;
  double largest = kZeroNorm;
  for (const std::size_t layer : trace.path) {
    const std::optional<double>& rms = trace.layers[layer].weight_gradient_rms;
    if (!rms || !trace.layers[layer].trainable) continue;
    smallest = std::min(smallest, *rms);
    largest = std::max(largest, *rms);
  }
  if (largest <= kExactlyZero) return Silence{"no weight gradient was measured, or all are exactly zero"};
  // An adaptive optimizer takes any size above its epsilon.
  const double limit = trace.adaptive && trace.epsilon > 0 ? std::log10(10 * trace.epsilon) : kLost;
  if (largest >= limit)
    return Silence{fmt::format("the largest weight gradient has a size of {:.0e}", std::pow(10, largest))};
  if (largest - smallest > 2) return Silence{"weight gradients differ by more than 2 decades: see vanishing-gradient"};
  const std::optional<double>& last = trace.layers[trace.path.back()].pre_activation_norm;
  if (last && *last < kFitted) return Silence{"the gradient at the output is small itself: the network fits"};
  Finding finding{.severity = Severity::error, .layers = names(trace, trace.path)};
  finding.evidence = {{"largest_weight_gradient", largest, "log10, root mean square"},
                      {"smallest_weight_gradient", smallest, "log10, root mean square"},
                      {"output_gradient", last.value_or(0), "log10"}};
  finding.message = fmt::format(
      "Every layer's weight gradient is below {:.0e}, the last layer's too, while the output's "
      "gradient is not small: the signal that reaches the last layers has shrunk as much.",
      std::pow(10, largest));
  finding.advice = {"initial weights that keep the signal's size: he_normal for relu, lecun_normal for selu",
                    "normalization before each activation"};
  return finding;
}

}  // namespace

extern const Rule lost_scale;
constinit const Rule lost_scale{
    .id = "lost-scale",
    .summary = "All weight gradients are too small to matter, though alike in all layers.",
    .check = check,
};

}  // namespace evenflow::rules
