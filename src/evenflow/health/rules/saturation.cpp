// Outputs at the ends of their activation, beyond what theory expects of a fresh network (theory, section 8.1).
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/robust.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

// Beyond expectation: by this much at least, and by three standard deviations of the units' chance.
constexpr double kLeast = 0.3;

double allowed(double expected, double units) {
  const double p = std::clamp(expected, 0.0, 1.0);
  return expected + std::max(kLeast, 3 * std::sqrt(p * (1 - p) / std::max(units, 1.0)));
}

Finding found(std::vector<std::string> layers, const std::string& worst, double share, double expected) {
  Finding finding{.severity = share > 0.9 ? Severity::error : Severity::warning, .layers = std::move(layers)};
  finding.evidence = {{"saturated", share, "fraction"}, {"expected", expected, "fraction"}};
  finding.message = fmt::format(
      "In {} {:.0f} % of the outputs lie at the ends of their activation, where the slope is near zero; {:.0f} % are "
      "expected.",
      worst, 100 * share, 100 * expected);
  finding.advice = {"smaller initial weights or scaled inputs", "batch_normalization before the activation, or relu"};
  return finding;
}

Verdict check(const Trace& trace) {
  std::vector<std::string> layers;
  const LayerTrace* worst = nullptr;
  bool measured = false;
  double excess = 0;
  for (const std::size_t index : trace.chain) {
    const LayerTrace& layer = trace.layers[index];
    if (!layer.saturated) continue;
    measured = true;
    const double expected = layer.expected_saturated.value_or(0);
    if (*layer.saturated <= allowed(expected, static_cast<double>(layer.units))) continue;
    layers.push_back(layer.name);
    if (worst == nullptr || *layer.saturated - expected > excess) {
      worst = &layer;
      excess = *layer.saturated - expected;
    }
  }
  if (!measured) return Silence{"no layer has an activation that can be saturated"};
  if (worst == nullptr) return Silence{"no more saturated than expected"};
  return found(std::move(layers), worst->name, *worst->saturated, worst->expected_saturated.value_or(0));
}

// Against the run's own first record, which holds what the initial weights explain.
Verdict watch(const RunTrace& run) {
  std::size_t first = 0;
  while (first < run.steps.size() && run.steps[first].layers.empty()) ++first;
  if (run.steps.size() < first + 20) return Silence{"layer outputs were not recorded for 20 steps"};
  std::vector<std::string> layers;
  std::string worst;
  double share = 0;
  double before = 0;
  std::size_t begin = run.steps.size();
  for (std::size_t l = 0; l < run.layers.size(); ++l) {
    const auto value = [&](const RunStep& step) {
      return l < step.layers.size() && step.layers[l].saturated ? *step.layers[l].saturated : double(NAN);
    };
    const double start = value(run.steps[first]);
    const double now = median(column(run, run.steps.size() - 10, run.steps.size(), value));
    if (!std::isfinite(start) || now <= allowed(start, 64)) continue;
    layers.push_back(run.layers[l].name);
    const std::size_t onset = since(run, [&](const RunStep& step) { return !(value(step) <= allowed(start, 64)); });
    begin = std::min(begin, onset);
    if (now - start > share - before) {
      worst = run.layers[l].name;
      share = now;
      before = start;
    }
  }
  if (layers.empty()) return Silence{"no layer has become more saturated since the start"};
  Finding finding = found(std::move(layers), worst, share, before);
  finding.onset = onset_at(run, std::min(begin, run.steps.size() - 1), worst);
  return finding;
}

}  // namespace

extern const Rule saturation;
constinit const Rule saturation{
    .id = "saturation",
    .summary = "More outputs are saturated than a fresh network explains.",
    .check = check,
    .watch = watch,
};

}  // namespace evenflow::rules
