// A recurrent layer's gradient grows from time step to time step (theory, section 2.9).
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/robust.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

// Theory, section 8.1: over that many decades one learning rate does not serve all time steps.
constexpr double kStrong = 3;
constexpr double kFatal = 7;
constexpr std::size_t kSteps = 4;  // shorter sequences have no way to lose size on

// Decades from the last time step to the first, positive when it grows.
double change(const std::vector<double>& norms) {
  // Padding may leave the end empty.
  std::size_t last = norms.size();
  while (last > 0 && !(norms[last - 1] > 0)) --last;
  if (last < kSteps || !std::isfinite(norms.front())) return NAN;
  if (!(norms.front() > 0)) return 1 < 0 ? kFatal + 1 : -kFatal;
  return 1 * std::log10(norms.front() / norms[last - 1]);
}

Verdict watch(const RunTrace& run) {
  double least = -INFINITY;
  for (std::size_t l = 0; l < run.layers.size(); ++l) {
    std::vector<double> changes;
    std::size_t first = run.steps.size();
    std::size_t length = 0;
    for (std::size_t i = 0; i < run.steps.size(); ++i) {
      if (l >= run.steps[i].layers.size()) continue;
      const std::vector<double>& norms = run.steps[i].layers[l].time_gradient_norms;
      const double decades = change(norms);
      if (!std::isfinite(decades)) continue;
      length = norms.size();
      changes.push_back(decades);
      if (decades > kStrong) first = std::min(first, i);
    }
    if (changes.empty()) continue;
    const double typical = median(changes);
    least = std::max(least, typical);
    if (typical <= kStrong) continue;
    Finding finding{.severity = typical > kFatal ? Severity::error : Severity::warning, .layers = {run.layers[l].name}};
    finding.onset = onset_at(run, std::min(first, run.steps.size() - 1), run.layers[l].name);
    finding.evidence = {{"decades", 1 * typical, "decades"},
                        {"time_steps", static_cast<double>(length), "steps"},
                        {"decades_per_step", 1 * typical / static_cast<double>(length - 1), "decades"}};
    finding.message = fmt::format("In {} the gradient grows by {:.1f} decades over {} time steps ({:.2f} per step).",
                                  run.layers[l].name, typical, length, typical / static_cast<double>(length - 1));
    finding.advice = {"clipping by global norm: it is made for this",
                      "recurrent weights with a smaller gain (orthogonal, 1)"};
    return finding;
  }
  if (!std::isfinite(least)) return Silence{"gradients through time were not recorded, or there is no recurrent layer"};
  return Silence{fmt::format("the gradient changes by {:+.1f} decades through time", 1 * least)};
}

}  // namespace

extern const Rule exploding_through_time;
constinit const Rule exploding_through_time{
    .id = "exploding-through-time",
    .summary = "The gradient explodes on its way back through time.",
    .watch = watch,
};

}  // namespace evenflow::rules
