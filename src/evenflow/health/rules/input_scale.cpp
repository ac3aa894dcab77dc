// Inputs whose size or spread makes the first layer badly conditioned.
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

constexpr double kLarge = 10;
constexpr double kSmall = 1e-2;
constexpr double kSpread = 1e3;

Verdict check(const Trace& trace) {
  if (!trace.data_facts || trace.chain.size() < 2) return Silence{"there is no data"};
  const DataFacts& facts = *trace.data_facts;
  constexpr std::string_view kScales[] = {"Normalization", "BatchNormalization", "LayerNormalization",
                                          "Rescaling",     "Embedding",          "UnitNormalization"};
  const std::string& next = trace.layers[trace.chain[1]].type;
  if (std::find(std::begin(kScales), std::end(kScales), next) != std::end(kScales)) {
    return Silence{fmt::format("{} takes the inputs first", next)};
  }
  Finding finding{.severity = Severity::warning, .layers = {trace.layers[trace.chain.front()].name}};
  finding.evidence = {{"root_mean_square", facts.root_mean_square, "input"},
                      {"minimum", facts.minimum, "input"},
                      {"maximum", facts.maximum, "input"},
                      {"smallest_deviation", facts.smallest_deviation, "input"},
                      {"largest_deviation", facts.largest_deviation, "input"}};
  finding.advice = {
      "inputs with mean 0 and deviation 1 per feature (a Normalization layer), or Rescaling(1/255) for images"};
  if (facts.non_finite > 0) {
    finding.severity = Severity::error;
    finding.message = fmt::format("{:.0f} inputs or targets are NaN or infinite.", facts.non_finite);
    return finding;
  }
  if (facts.root_mean_square > kLarge) {
    if (facts.root_mean_square > 1e3) finding.severity = Severity::error;
    finding.message = fmt::format(
        "The inputs are large: {:.3g} on average (root mean square), from {:.3g} to {:.3g}. The "
        "first layer's gradient grows with them, and saturating activations are flat there.",
        facts.root_mean_square, facts.minimum, facts.maximum);
    return finding;
  }
  if (facts.root_mean_square < kSmall && facts.root_mean_square > 0) {
    finding.message = fmt::format(
        "The inputs are tiny: {:.2g} on average. The first layer's weights get gradients as small "
        "as that.",
        facts.root_mean_square);
    return finding;
  }
  if (facts.smallest_deviation > 0 && facts.largest_deviation / facts.smallest_deviation > kSpread &&
      facts.largest_deviation > 1) {
    finding.message = fmt::format(
        "Features have scales from {:.2g} to {:.2g}: a learning rate that the largest stands is "
        "too small for the others.",
        facts.smallest_deviation, facts.largest_deviation);
    return finding;
  }
  return Silence{fmt::format("inputs have a size of {:.2g}", facts.root_mean_square)};
}

}  // namespace

extern const Rule input_scale;
constinit const Rule input_scale{
    .id = "input-scale",
    .summary = "The inputs are not scaled.",
    .check = check,
};

}  // namespace evenflow::rules
