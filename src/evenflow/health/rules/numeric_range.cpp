// Gradients that a number format does not hold, and the loss scale that would avoid it (theory, section 6).
#include <algorithm>
#include <cmath>

#include <array>
#include <numbers>
#include "evenflow/base/text.h"
#include "evenflow/health/flow.h"
#include "evenflow/health/robust.h"
#include "evenflow/health/rule.h"
#include "evenflow/health/zero.h"

namespace evenflow::rules {
namespace {

struct Format {
  std::string_view name;
  double zero_below;  // log2: rounds to zero at or below
  double normal;      // log2 of the smallest normal number
  double largest;     // log2
};
// Theory, section 6.1.
constexpr std::array<Format, 3> kFormats = {
    {{"float16", -25, -14, 15.999}, {"bfloat16", -134, -126, 127.99}, {"float8_e5m2", -17, -14, 15.8}}};
constexpr double kTolerated = 0.01;
constexpr double kFloat32Normal = -126;

// Fraction of N(0, s) that becomes zero.
double flushed(const Format& format, double log10_rms) {
  const double s = log10_rms * std::numbers::ln10 / std::numbers::ln2;
  return std::erf(std::exp2(format.zero_below - s) / std::numbers::sqrt2);
}

// Power of two (section 6.3) for gradients of these root mean squares: the smallest to a normal number at their first
// percentile, as far as the largest allows.
struct LossScale {
  double wanted;
  double possible;
};
LossScale loss_scale(const Format& format, double smallest_rms, double largest_rms) {
  const double log2_of_10 = std::numbers::ln10 / std::numbers::ln2;
  const double first_percentile = smallest_rms * log2_of_10 + std::log2(0.01253);  // of |N(0, 1)|
  const double maximum = largest_rms * log2_of_10 + 2.3;                           // about 5 deviations
  return {std::max(0.0, std::ceil(format.normal - first_percentile)), std::floor(format.largest - 1 - maximum)};
}

Verdict check(const Trace& trace) {
  if (trace.protocol != "loss")
    return Silence{"the scale of a gradient means something only with the model's own loss"};
  double smallest = 400;
  double largest = kZeroNorm;
  std::vector<std::size_t> lost;
  std::vector<std::size_t> subnormal;
  for (const std::size_t layer : trace.path) {
    const std::optional<double>& rms = trace.layers[layer].weight_gradient_rms;
    if (!rms || *rms <= kExactlyZero) continue;
    smallest = std::min(smallest, *rms);
    largest = std::max(largest, *rms);
    if (flushed(kFormats[0], *rms) > kTolerated) lost.push_back(layer);
    if (*rms < kFloat32Normal * 0.30103) subnormal.push_back(layer);
  }
  if (largest <= kExactlyZero) return Silence{"no weight gradient was measured"};
  if (!subnormal.empty()) {
    Finding finding{.severity = Severity::error, .layers = names(trace, subnormal)};
    finding.evidence = {{"smallest_rms", smallest, "log10"}, {"layers", double(subnormal.size()), "layers"}};
    finding.message = fmt::format(
        "The gradients of {} layers are smaller than float32 can hold (1e-38): they are zero in "
        "any training.",
        subnormal.size());
    finding.advice = {"what vanishing-gradient advises: no number format makes up for this"};
    return finding;
  }
  if (lost.empty())
    return Silence{
        fmt::format("float16 would keep 99 % of every gradient (smallest size {:.0e})", std::pow(10.0, smallest))};
  const LossScale scale = loss_scale(kFormats[0], smallest, largest);
  Finding finding{.severity = Severity::info, .layers = names(trace, lost)};
  finding.evidence = {{"smallest_rms", smallest, "log10"},
                      {"largest_rms", largest, "log10"},
                      {"layers", double(lost.size()), "layers"},
                      {"loss_scale_wanted", scale.wanted, "power of two"},
                      {"loss_scale_possible", scale.possible, "power of two"}};
  finding.message = fmt::format("float16 would lose more than 1 % of the gradients of {} layers; ", lost.size());
  finding.message +=
      scale.wanted <= scale.possible
          ? fmt::format("a loss scale of 2^{:.0f} avoids it.", scale.wanted)
          : fmt::format("no loss scale avoids it: the layers differ by {:.1f} decades.", largest - smallest);
  finding.advice = {"bfloat16 has float32's range: nothing is lost there"};
  return finding;
}

Verdict watch(const RunTrace& run) {
  std::vector<double> counts;
  double zeros = 0;
  std::size_t recorded = 0;
  std::vector<std::string> layers;
  for (std::size_t p = 0; p < run.parameters.size(); ++p) {
    double all = 0;
    double small = 0;
    for (std::size_t i = run.steps.size() > 100 ? run.steps.size() - 100 : 0; i < run.steps.size(); ++i) {
      if (p >= run.steps[i].parameters.size()) continue;
      const std::vector<double>& exponents = run.steps[i].parameters[p].exponents;
      if (exponents.empty()) continue;
      ++recorded;
      counts.resize(std::max(counts.size(), exponents.size()), 0.0);
      for (std::size_t e = 0; e < exponents.size(); ++e) {
        counts[e] += exponents[e];
        all += exponents[e];
        if (kFirstExponent + static_cast<double>(e) < kFormats[0].zero_below) small += exponents[e];
      }
      zeros += run.steps[i].parameters[p].zero_fraction;
    }
    if (all > 0 && small / all > kTolerated) layers.push_back(run.parameters[p].name);
  }
  if (recorded == 0) return Silence{"exponents of the gradients were not recorded"};
  double all = 0;
  for (const double count : counts) all += count;
  if (!(all > 0)) return Silence{"every recorded gradient is zero"};
  Finding finding{.severity = Severity::info, .layers = layers};
  double below = 0;
  double first_percentile = 0;
  double maximum = 0;
  for (std::size_t e = 0; e < counts.size(); ++e) {
    if (below <= 0.01 * all && below + counts[e] > 0.01 * all) first_percentile = kFirstExponent + double(e);
    below += counts[e];
    if (counts[e] > 0) maximum = kFirstExponent + double(e) + 1;
  }
  for (const Format& format : kFormats) {
    double flush = 0;
    for (std::size_t e = 0; e < counts.size(); ++e) {
      if (kFirstExponent + double(e) < format.zero_below) flush += counts[e];
    }
    finding.evidence.push_back({fmt::format("{}_lost", format.name), flush / all, "fraction"});
  }
  if (layers.empty()) return Silence{"float16 would keep 99 % of every gradient"};
  const double wanted = std::max(0.0, std::ceil(kFormats[0].normal - first_percentile));
  const double possible = std::floor(kFormats[0].largest - 1 - maximum);
  finding.onset = onset_at(run, run.steps.size() > 100 ? run.steps.size() - 100 : 0);
  finding.evidence.push_back({"loss_scale_wanted", wanted, "power of two"});
  finding.evidence.push_back({"loss_scale_possible", possible, "power of two"});
  finding.message = fmt::format("float16 would lose more than 1 % of the gradients of {} parameters; {}", layers.size(),
                                wanted <= possible ? fmt::format("a loss scale of 2^{:.0f} avoids it.", wanted)
                                                   : "no loss scale avoids it: use bfloat16.");
  return finding;
}

}  // namespace

extern const Rule numeric_range;
constinit const Rule numeric_range{
    .id = "numeric-range",
    .summary = "Gradients leave the range of a number format.",
    .check = check,
    .watch = watch,
};

}  // namespace evenflow::rules
