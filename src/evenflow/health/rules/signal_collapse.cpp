// All samples look alike behind some layer: what differs between them is gone (theory, sections 1.2 and 8.1).
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/robust.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

// A fresh ReLU network of 30 layers keeps 3 %: that is no collapse.
constexpr double kCollapsed = 1e-3;
constexpr double kBlind = 1e-6;

Verdict check(const Trace& trace) {
  if (trace.chain.size() < 3 || trace.path.empty()) return Silence{"there is no hidden layer"};
  const double input = trace.layers[trace.chain.front()].variance_fraction.value_or(1);
  if (!(input > 0)) return Silence{"all samples of the data are alike"};
  const LayerTrace* first = nullptr;
  double least = 1;
  for (const std::size_t index : trace.chain) {
    if (index == trace.chain.back()) break;
    const LayerTrace& layer = trace.layers[index];
    if (!layer.variance_fraction || !std::isfinite(*layer.variance_fraction)) continue;
    const double left = *layer.variance_fraction / input;
    least = std::min(least, left);
    if (left < kCollapsed && first == nullptr) first = &layer;
    // Normalization brings back what is left of it.
    if (left >= kCollapsed) first = nullptr;
  }
  if (first == nullptr) return Silence{fmt::format("at least {:.2g} of the signal differs between samples", least)};
  Finding finding{.severity = least < kBlind ? Severity::error : Severity::warning, .layers = {first->name}};
  finding.evidence = {{"signal_left", least, "fraction"}, {"of_the_input", input, "fraction"}};
  finding.message = fmt::format("From {} on the samples look alike: only {:.0e} of the output depends on the input.",
                                first->name, least);
  finding.advice = {"initial weights on the critical line (he_normal for relu, lecun_normal for tanh)",
                    "batch_normalization before each activation, or residual connections"};
  return finding;
}

Verdict watch(const RunTrace& run) {
  const std::vector<std::size_t> records = layer_records(run);
  if (!spans_enough(run, records)) return Silence{"layer outputs were not recorded over 20 steps"};
  for (std::size_t l = 0; l + 1 < run.layers.size(); ++l) {
    const auto left = [&](const RunStep& step) {
      return l < step.layers.size() && step.layers[l].variance_fraction ? *step.layers[l].variance_fraction
                                                                        : double(NAN);
    };
    const double start = left(run.steps[records.front()]);
    const std::vector<double> recent = column(run, recent_record(records), run.steps.size(), left);
    if (recent.empty()) continue;
    const double now = median(recent);
    if (!(start > 10 * kCollapsed) || !(now < kCollapsed)) continue;
    const std::size_t onset = since(run, [&](const RunStep& step) { return !(left(step) >= kCollapsed); });
    Finding finding{.severity = now < kBlind ? Severity::error : Severity::warning, .layers = {run.layers[l].name}};
    finding.onset = onset_at(run, record_from(records, onset), run.layers[l].name);
    finding.evidence = {{"signal_left", now, "fraction"}, {"at_the_start", start, "fraction"}};
    finding.message = fmt::format(
        "The signal of {} collapsed: {:.2g} of it differed between samples at the start, {:.0e} "
        "now.",
        run.layers[l].name, start, now);
    finding.advice = {"a smaller learning rate: the weights have grown past the activation's range",
                      "batch_normalization before each activation"};
    return finding;
  }
  return Silence{"no layer's outputs have become alike"};
}

}  // namespace

extern const Rule signal_collapse;
constinit const Rule signal_collapse{
    .id = "signal-collapse",
    .summary = "The signal collapses: every sample gives nearly the same output.",
    .check = check,
    .watch = watch,
};

}  // namespace evenflow::rules
