// Weights that cannot learn as they are: units that are copies of each other, zeros, or a scale far off.
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/flow.h"
#include "evenflow/health/rule.h"
#include "evenflow/health/zero.h"

namespace evenflow::rules {
namespace {

// fan-in times E[w^2]: designs lie between 0.5 and 4, trained weights up to about ten times that.
constexpr double kSmallGain = 1e-2;
constexpr double kLargeGain = 30;

std::optional<Finding> copies(const Trace& trace) {
  std::vector<std::size_t> layers;
  for (const std::size_t layer : trace.path) {
    const LayerTrace& l = trace.layers[layer];
    // Zeros are a case of their own; the output may have classes that start alike.
    if (layer == trace.path.back() || !l.alike_units || l.weight_gain.value_or(0) == 0) continue;
    if (*l.alike_units > 0.5) layers.push_back(layer);
  }
  if (layers.empty()) return std::nullopt;
  Finding finding{.severity = Severity::error, .layers = names(trace, layers)};
  const LayerTrace& first = trace.layers[layers.front()];
  finding.evidence = {{"alike_units", *first.alike_units, "fraction"}};
  finding.message = fmt::format(
      "{:.0f} % of the units of {} have the same weights as another unit: they get the same "
      "gradient and stay copies forever{}.",
      100 * *first.alike_units, first.name,
      first.initializer.empty() ? "" : fmt::format(" (initializer {})", first.initializer));
  finding.advice = {"a random initializer: glorot_uniform, he_normal for relu"};
  return finding;
}

std::optional<Finding> zeros(const Trace& trace) {
  for (std::size_t i = 1; i < trace.path.size(); ++i) {
    const LayerTrace& layer = trace.layers[trace.path[i]];
    const std::optional<double>& behind = trace.layers[trace.path[i - 1]].pre_activation_norm;
    // At the end of a residual branch zeros are right: there the gradient has another way.
    if (layer.weight_gain.value_or(1) != 0 || !behind || *behind > kExactlyZero) continue;
    Finding finding{.severity = i + 1 == trace.path.size() ? Severity::warning : Severity::error,
                    .layers = {layer.name}};
    finding.evidence = {{"weight_gain", 0, "fan-in times mean square"}};
    finding.message = fmt::format("All weights of {} are zero: nothing passes it, forward or back{}.", layer.name,
                                  i + 1 == trace.path.size() ? ", until its own first steps" : "");
    finding.advice = {"a random initializer: glorot_uniform, he_normal for relu"};
    return finding;
  }
  return std::nullopt;
}

Verdict check(const Trace& trace) {
  if (trace.path.empty()) return Silence{"there are no kernels"};
  if (auto finding = copies(trace)) return *finding;
  if (auto finding = zeros(trace)) return *finding;
  std::vector<std::size_t> off;
  std::size_t known = 0;
  double sum = 0;
  for (const std::size_t layer : trace.path) {
    const std::optional<double>& gain = trace.layers[layer].weight_gain;
    if (!gain || !(*gain > 0) || !std::isfinite(*gain)) continue;
    ++known;
    sum += std::log10(*gain);
    if (*gain < kSmallGain || *gain > kLargeGain) off.push_back(layer);
  }
  if (known < 2 || 2 * off.size() <= known) {
    return Silence{known == 0 ? "no kernel's scale is known"
                              : fmt::format("fan-in times the weights' mean square is {:.2g} on average",
                                            std::pow(10.0, sum / static_cast<double>(known)))};
  }
  const LayerTrace& first = trace.layers[off.front()];
  Finding finding{.severity = Severity::warning, .layers = names(trace, off)};
  finding.evidence = {{"weight_gain", *first.weight_gain, "fan-in times mean square"},
                      {"mean_log10_gain", sum / static_cast<double>(known), "log10"}};
  finding.message = fmt::format(
      "The weights of {} of {} layers have the wrong scale: fan-in times their mean square is "
      "{:.2g} in {}; signals keep their size near 1 (2 for relu).",
      off.size(), known, *first.weight_gain, first.name);
  finding.advice = {"he_normal for relu, glorot_uniform or lecun_normal for tanh, lecun_normal for selu"};
  return finding;
}

}  // namespace

extern const Rule initialization;
constinit const Rule initialization{
    .id = "initialization",
    .summary = "The weights are badly initialized.",
    .check = check,
};

}  // namespace evenflow::rules
