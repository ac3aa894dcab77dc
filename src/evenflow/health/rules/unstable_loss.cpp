// The loss diverges, or swings without getting anywhere: a step beyond what the curvature allows (theory, section 5).
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/robust.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

constexpr std::size_t kWindow = 50;

// Largest stable learning rate times sharpness (theory, section 5.1).
double stability_limit(const RunTrace& run) {
  const double beta = run.momentum;
  if (run.adaptive) return (2 + 2 * beta) / (1 - beta);
  return run.nesterov ? (2 + 2 * beta) / (1 + 2 * beta) : 2 * (1 + beta);
}

// The smallest median of a window that ends before `end`.
double best_level(const RunTrace& run, std::size_t end, std::size_t width) {
  double best = median(losses(run, 0, width));
  for (std::size_t i = width; i + width <= end; i += width) best = std::min(best, median(losses(run, i, i + width)));
  return best;
}

std::optional<Finding> diverging(const RunTrace& run) {
  const std::size_t count = run.steps.size();
  const std::size_t width = std::clamp<std::size_t>(count / 10, 5, kWindow);
  const double start = median(losses(run, 0, width));
  const double now = median(losses(run, count - width, count));
  const double best = best_level(run, count - width, width);
  // From step to step: growth itself is no scatter.
  std::vector<double> changes;
  for (std::size_t i = count - width + 1; i < count; ++i) changes.push_back(run.steps[i].loss - run.steps[i - 1].loss);
  const double scatter = robust_deviation(changes, median(changes));
  if (!(now > best + 6 * scatter && now > 1.5 * std::abs(best) && now > 1.2 * start + 3 * scatter)) {
    return std::nullopt;
  }
  const std::size_t since_step = since(run, [&](const RunStep& step) { return !(step.loss <= (best + now) / 2); });
  Finding finding{.severity = Severity::error, .onset = onset_at(run, std::min(since_step, count - 1))};
  finding.evidence = {{"loss_at_start", start, "loss"},
                      {"best_loss", best, "loss"},
                      {"loss_now", now, "loss"},
                      {"learning_rate", run.steps.back().learning_rate, "per step"}};
  finding.message = fmt::format(
      "The loss diverges: {:.3g} at the start, {:.3g} at its best, {:.3g} now. The learning "
      "rate {:g} is too large for this network.",
      start, best, now, run.steps.back().learning_rate);
  return finding;
}

std::optional<Finding> oscillating(const RunTrace& run) {
  const std::size_t count = run.steps.size();
  const std::size_t begin = count - kWindow;
  double against = 0;
  double turns = 0;
  double known = 0;
  for (std::size_t i = begin; i < count; ++i) {
    if (run.steps[i].gradient_cosine) {
      ++known;
      against += *run.steps[i].gradient_cosine < -0.5 ? 1 : 0;
    }
    if (i < begin + 2) continue;
    const double a = run.steps[i].loss - run.steps[i - 1].loss;
    const double b = run.steps[i - 1].loss - run.steps[i - 2].loss;
    turns += a * b < 0 ? 1 : 0;
  }
  // Without cosines the loss itself tells, but only where every step sees the same data.
  const bool by_cosine = known >= kWindow / 2;
  const bool swings = by_cosine ? against > known / 2 : run.steps_per_epoch == 1 && turns > 0.8 * (kWindow - 2);
  if (!swings) return std::nullopt;
  const double before = best_level(run, begin, std::min(kWindow, begin));
  const std::vector<double> window = losses(run, begin, count);
  const double now = median(window);
  if (window.empty() || now < 0.99 * before) return std::nullopt;
  if (robust_deviation(window, now) < 0.02 * std::abs(now)) return std::nullopt;
  Finding finding{.severity = Severity::error, .onset = onset_at(run, begin)};
  finding.evidence = {{"turning_steps", by_cosine ? against / known : turns / (kWindow - 2), "fraction"},
                      {"best_loss_before", before, "loss"},
                      {"loss_now", now, "loss"}};
  finding.message = fmt::format(
      "The loss swings around {:.3g} and has not improved for {} steps: the steps jump across "
      "the valley. The learning rate {:g} is beyond what the curvature allows.",
      now, kWindow, run.steps.back().learning_rate);
  return finding;
}

Verdict watch(const RunTrace& run) {
  if (run.steps.size() < 2 * kWindow) return Silence{"fewer than 100 steps: too early to judge the loss"};
  std::optional<Finding> finding = diverging(run);
  if (!finding) finding = oscillating(run);
  if (!finding) return Silence{"the loss neither grows nor swings in place"};
  const auto measured = std::find_if(run.steps.rbegin(), run.steps.rend(),
                                     [](const RunStep& step) { return step.sharpness.has_value(); });
  if (measured != run.steps.rend() && !run.adaptive) {
    const double limit = stability_limit(run);
    const double product = *measured->sharpness * measured->learning_rate;
    finding->evidence.push_back({"learning_rate_times_sharpness", product, fmt::format("of at most {:.3g}", limit)});
    finding->cause = {{"the step size", std::log10(product / limit),
                       fmt::format("learning rate times sharpness is {:.3g}; stable up to {:.3g}", product, limit)}};
    finding->advice.push_back(fmt::format("a learning rate below {:.2g}", limit / *measured->sharpness));
  } else {
    finding->advice.push_back(fmt::format("half the learning rate: {:g}", run.steps.back().learning_rate / 2));
  }
  finding->advice.push_back("a warm-up, or gradient clipping if single steps are to blame");
  return *finding;
}

}  // namespace

extern const Rule unstable_loss;
constinit const Rule unstable_loss{
    .id = "unstable-loss",
    .summary = "The loss grows, or oscillates without progress.",
    .watch = watch,
};

}  // namespace evenflow::rules
