// Clipping that always acts, that never can, or that hides an explosion (theory, section 4.3).
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/robust.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

constexpr std::size_t kSteps = 100;

Verdict watch(const RunTrace& run) {
  if (run.clipping != "global_norm") {
    return Silence{run.clipping.empty() ? "there is no clipping" : "only clipping by global norm is recorded"};
  }
  if (run.steps.size() < kSteps) return Silence{"fewer than 100 steps"};
  double clipped = 0;
  for (const RunStep& step : run.steps) clipped += step.clip_factor < 1 ? 1 : 0;
  const double share = clipped / static_cast<double>(run.steps.size());
  const std::size_t half = run.steps.size() / 2;
  const auto norms = [&](std::size_t begin, std::size_t end) {
    return median(column(run, begin, end, [](const RunStep& step) { return step.global_norm; }));
  };
  const double typical = norms(half, run.steps.size());
  const double early = norms(0, half);
  Finding finding{.severity = Severity::warning, .onset = onset_at(run, 0)};
  finding.evidence = {{"clipped_steps", share, "fraction"},
                      {"typical_norm", typical, "norm"},
                      {"threshold", run.clip_threshold, "norm"}};
  if (share > 0.5 && typical > 100 * run.clip_threshold && typical > 10 * early) {
    finding.severity = Severity::error;
    finding.onset = onset_at(run, half);
    finding.message = fmt::format(
        "Clipping hides an explosion: the gradient grew from {:.2g} to {:.2g} while every step "
        "was cut to {:g}.",
        early, typical, run.clip_threshold);
    finding.cause = {
        {"growth of the gradient", std::log10(typical / early), "median of the second half over the first"}};
    finding.advice = {"a smaller learning rate or better initial weights: clipping keeps steps short, not right"};
    return finding;
  }
  if (share > 0.95) {
    finding.message = fmt::format(
        "Clipping acts on {:.0f} % of the steps: the size of the gradient ({:.2g} typically, cut "
        "to {:g}) no longer counts, only its direction.",
        100 * share, typical, run.clip_threshold);
    finding.advice = {
        fmt::format("a threshold near the usual norm: --global-clipnorm {:.2g}, with the learning rate "
                    "divided by {:.2g}",
                    typical, typical / run.clip_threshold)};
    return finding;
  }
  if (share == 0 && typical > 0 && run.clip_threshold > 100 * typical && run.steps.size() >= 200) {
    finding.severity = Severity::info;
    finding.message = fmt::format("Clipping never acted: the threshold {:g} is {:.0f} times the usual norm {:.2g}.",
                                  run.clip_threshold, run.clip_threshold / typical, typical);
    finding.advice = {
        fmt::format("a threshold of 2 to 10 times the usual norm: --global-clipnorm {:.2g}", 5 * typical)};
    return finding;
  }
  return Silence{fmt::format("clipping acted on {:.0f} % of the steps", 100 * share)};
}

}  // namespace

extern const Rule clipping;
constinit const Rule clipping{
    .id = "clipping",
    .summary = "Gradient clipping does not do what it is for.",
    .watch = watch,
};

}  // namespace evenflow::rules
