// Batch normalization that multiplies the gradient in a deep plain network, or has too few samples (theory,
// section 2.5).
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/flow.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

constexpr std::int64_t kFewSamples = 8;

Verdict check(const Trace& trace) {
  std::vector<std::size_t> layers;
  double decades = 0;
  std::int64_t fewest = 0;
  const LayerTrace* starved = nullptr;
  for (const std::size_t index : trace.chain) {
    const LayerTrace& layer = trace.layers[index];
    if (layer.type != "BatchNormalization") continue;
    layers.push_back(index);
    decades += layer.weight_decades.value_or(0);
    // gamma, beta and the two moving statistics; or two of them.
    const std::int64_t channels = layer.parameters % 4 == 0 ? layer.parameters / 4 : layer.parameters / 2;
    if (channels <= 0) continue;
    const std::int64_t samples = trace.batch_size * std::max<std::int64_t>(layer.units / channels, 1);
    if (starved == nullptr || samples < fewest) {
      fewest = samples;
      starved = &layer;
    }
  }
  if (layers.empty()) return Silence{"there is no batch normalization on the way"};
  if (starved != nullptr && fewest < kFewSamples && trace.data_facts) {
    Finding finding{.severity = fewest <= 3 ? Severity::error : Severity::warning, .layers = {starved->name}};
    finding.evidence = {{"samples", static_cast<double>(fewest), "numbers per channel"}};
    finding.message = fmt::format(
        "{} takes its statistics from {} numbers per channel: they are mostly noise, and the "
        "gradient grows by {:.2f} decades per layer from that alone.",
        starved->name, fewest, fewest > 3 ? 0.5 * std::log10(double(fewest - 2) / double(fewest - 3)) : 1.0);
    finding.advice = {"a larger batch", "layer_normalization or group_normalization: they do not need the batch"};
    return finding;
  }
  const double total = trace.total_decades.mean;
  const double allowed = std::max(1.0, 3 * std::max(trace.expected_deviation, trace.total_decades.deviation));
  if (layers.size() < 5 || total <= allowed) {
    return Silence{fmt::format("{} layers of batch normalization; the gradient changes by {:+.2f} decades in all",
                               layers.size(), total)};
  }
  Finding finding{.severity = total > 3 ? Severity::error : Severity::warning, .layers = names(trace, layers)};
  finding.evidence = {{"total_decades", total, "decades"},
                      {"normalization_decades", decades, "decades"},
                      {"layers", static_cast<double>(layers.size()), "layers"}};
  finding.message = fmt::format(
      "Batch normalization without residual connections multiplies the gradient in every layer: "
      "{:.2f} decades over {} of them. No scale of the weights changes that.",
      total, layers.size());
  finding.advice = {"residual connections around pairs of layers, normalization within the branch", "fewer layers"};
  return finding;
}

}  // namespace

extern const Rule batch_normalization;
constinit const Rule batch_normalization{
    .id = "batch-normalization",
    .summary = "Batch normalization itself is the trouble.",
    .check = check,
};

}  // namespace evenflow::rules
