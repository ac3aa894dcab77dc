// The loss stands still, far from a fit.
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/robust.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

constexpr std::size_t kSteps = 300;  // fewer say nothing

Verdict watch(const RunTrace& run) {
  const std::size_t count = run.steps.size();
  const std::int64_t epochs = run.steps.empty() ? 0 : run.steps.back().epoch + 1;
  if (count < kSteps || epochs < 3) return Silence{"fewer than 300 steps or 3 epochs: too early to speak of a plateau"};
  const std::size_t third = count / 3;
  const std::vector<double> first = losses(run, 0, third / 2);
  const std::vector<double> middle = losses(run, third, 2 * third);
  const std::vector<double> last = losses(run, 2 * third, count);
  if (first.empty() || middle.empty() || last.empty()) return Silence{"the loss is not finite"};
  const double start = median(losses(run, 0, std::max<std::size_t>(count / 50, 5)));
  const double now = median(last);
  const double gained = (start - now) / std::max(std::abs(start), 1e-300);
  const double recent = (median(middle) - now) / std::max(std::abs(start), 1e-300);
  if (gained > 0.1) {
    return Silence{fmt::format("the loss fell by {:.0f} % since the start", 100 * gained)};
  }
  // A long run may be at its beginning: what still falls beyond chance does not stand still.
  const double chance = robust_deviation(last, now) / std::sqrt(static_cast<double>(last.size()));
  if (recent > 0.01 && median(middle) - now > 3 * chance) {
    return Silence{fmt::format("the loss is still falling: {:.1f} % in the last third", 100 * recent)};
  }
  // A run that starts from a fit has nowhere to fall: its gradient is small against what it could be.
  if (std::abs(start) < 1e-3) return Silence{"the loss is small from the start"};
  double smallest = INFINITY;
  double largest = 0;
  for (std::size_t p = 0; p < run.parameters.size(); ++p) {
    const double ratio = median(column(run, 2 * third, count, [&](const RunStep& step) {
      if (p >= step.parameters.size() || !(step.parameters[p].weight_norm > 0)) return double(NAN);
      return step.parameters[p].update_norm / step.parameters[p].weight_norm;
    }));
    if (!(ratio > 0)) continue;
    smallest = std::min(smallest, ratio);
    largest = std::max(largest, ratio);
  }
  Finding finding{.severity = Severity::warning, .onset = onset_at(run, third)};
  // What hardly moves will not leave the plateau; what moves may.
  if (gained < 0.02 && smallest < 1e-6) finding.severity = Severity::error;
  finding.evidence = {{"loss_at_start", start, "loss"},
                      {"loss_now", now, "loss"},
                      {"gained", gained, "fraction"},
                      {"gained_in_last_third", recent, "fraction"},
                      {"largest_update_ratio", largest, "of the weights per step"}};
  finding.message =
      fmt::format("The loss fell by {:.1f} % in {} steps: from {:.4g} to {:.4g}.", 100 * gained, count, start, now);
  if (largest > 0 && largest < 1e-5) {
    finding.message += fmt::format(" No layer moves by more than {:.0e} of its weights per step.", largest);
    finding.cause = {
        {"the step size", std::log10(largest / 1e-3), "the largest update is far below 1e-3 of the weights"}};
    finding.advice = {fmt::format("a learning rate of about {:.1g}", run.steps.back().learning_rate * 1e-3 / largest)};
  } else if (largest > 0 && smallest < 1e-6 && smallest * 1e3 < largest) {
    finding.message += " Some layers hardly move while others do: see vanishing-gradient.";
    finding.advice = {"evenflow check on the model: which layers the gradient does not reach"};
  } else {
    finding.message += " The weights move, but to no avail.";
    finding.advice = {"evenflow check with the data: dead units, collapse, scale of the inputs, labels",
                      "a smaller and a larger learning rate, by factors of 10"};
  }
  return finding;
}

}  // namespace

extern const Rule plateau;
constinit const Rule plateau{
    .id = "plateau",
    .summary = "The loss hardly moves.",
    .watch = watch,
};

}  // namespace evenflow::rules
