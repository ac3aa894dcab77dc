// A layer moves too far in one step, or not at all, beside others that do (theory, section 5.5).
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/flow.h"
#include "evenflow/health/robust.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

constexpr double kLarge = 0.1;

struct Moved {
  std::string layer;
  double ratio = 0;
};

Verdict judge(std::vector<Moved> moved, double fatal, std::optional<Finding::Onset> onset) {
  if (moved.empty()) return Silence{"no update was measured"};
  std::sort(moved.begin(), moved.end(), [](const Moved& a, const Moved& b) { return a.ratio > b.ratio; });
  const Moved& largest = moved.front();
  if (largest.ratio <= kLarge) {
    return Silence{
        fmt::format("updates are between {:.0e} and {:.0e} of the weights", moved.back().ratio, largest.ratio)};
  }
  Finding finding{.severity = largest.ratio > fatal ? Severity::error : Severity::warning, .onset = std::move(onset)};
  for (const Moved& m : moved) {
    if (m.ratio > kLarge) finding.layers.push_back(m.layer);
  }
  finding.evidence = {{"largest_update_ratio", largest.ratio, "of the weights per step"},
                      {"smallest_update_ratio", moved.back().ratio, "of the weights per step"}};
  finding.message = fmt::format(
      "A step changes {} by {:.2g} times its weights; healthy is about 1e-3. It overwrites what "
      "was learned before.",
      largest.layer, largest.ratio);
  finding.advice = {fmt::format("a learning rate about {:.0g} times smaller", largest.ratio / 1e-2)};
  return finding;
}

Verdict check(const Trace& trace) {
  std::vector<Moved> moved;
  for (const std::size_t layer : trace.path) {
    const LayerTrace& l = trace.layers[layer];
    if (l.update_ratio && std::isfinite(*l.update_ratio)) moved.push_back({l.name, *l.update_ratio});
  }
  // The first gradients are the largest of a training: what they do is over soon, unless it is far out.
  constexpr double kFatal = 10;
  return judge(std::move(moved), kFatal, std::nullopt);
}

Verdict watch(const RunTrace& run) {
  constexpr std::size_t kWindow = 50;
  if (run.steps.size() < kWindow) return Silence{"fewer than 50 steps"};
  std::vector<Moved> moved;
  for (std::size_t p = 0; p < run.parameters.size(); ++p) {
    // Biases start at zero: any update is large against them.
    if (!run.parameters[p].name.ends_with("kernel")) continue;
    const std::vector<double> ratios =
        column(run, run.steps.size() - kWindow, run.steps.size(), [&](const RunStep& step) {
          if (p >= step.parameters.size() || !(step.parameters[p].weight_norm > 0)) return double(NAN);
          return step.parameters[p].update_norm / step.parameters[p].weight_norm;
        });
    if (!ratios.empty()) moved.push_back({run.parameters[p].layer, median(ratios)});
  }
  constexpr double kFatal = 1;
  return judge(std::move(moved), kFatal, onset_at(run, run.steps.size() - kWindow));
}

}  // namespace

extern const Rule update_ratio;
constinit const Rule update_ratio{
    .id = "update-ratio",
    .summary = "Updates are out of proportion to the weights.",
    .check = check,
    .watch = watch,
};

}  // namespace evenflow::rules
