#include "evenflow/health/unit_share.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/health/robust.h"

namespace evenflow {
namespace {

constexpr double kFatal = 0.9;

double allowed(const UnitShare& unit, double expected, double units) {
  const double p = std::clamp(expected, 0.0, 1.0);
  return expected + std::max(unit.least, 3 * std::sqrt(p * (1 - p) / std::max(units, 1.0)));
}

Finding found(const UnitShare& unit, std::vector<std::string> layers, const std::string& worst, double share,
              double expected) {
  Finding finding{.severity = share > kFatal ? Severity::error : Severity::warning, .layers = std::move(layers)};
  finding.evidence = {{std::string(unit.name), share, "fraction"}, {"expected", expected, "fraction"}};
  finding.message =
      fmt::format("In {} {:.0f} % {}; {:.0f} % are expected.", worst, 100 * share, unit.meaning, 100 * expected);
  finding.advice = unit.advice;
  return finding;
}

// A classifier that is sure saturates its output, and cross-entropy cancels the output's slope (its gradient at the
// pre-activation is probability minus target): nothing is lost there.
bool output_may_saturate(std::string_view loss) {
  return loss.find("crossentropy") != std::string_view::npos;
}

// The smallest share of its weights by which a kernel changes per step, by the medians since that step; 0 when unknown.
double slowest_kernel(const RunTrace& run, std::size_t begin) {
  double slowest = INFINITY;
  for (std::size_t p = 0; p < run.parameters.size(); ++p) {
    if (!run.parameters[p].name.ends_with("kernel")) continue;
    const std::vector<double> ratios = column(run, begin, run.steps.size(), [p](const RunStep& step) {
      if (p >= step.parameters.size() || !(step.parameters[p].weight_norm > 0)) return double(NAN);
      return step.parameters[p].update_norm / step.parameters[p].weight_norm;
    });
    slowest = std::min(slowest, ratios.empty() ? 0 : median(ratios));
  }
  return std::isfinite(slowest) ? slowest : 0;
}

}  // namespace

Verdict judge(const UnitShare& unit, const Trace& trace) {
  std::vector<std::string> layers;
  const LayerTrace* worst = nullptr;
  bool measured = false;
  double excess = 0;
  for (const std::size_t index : trace.chain) {
    const LayerTrace& layer = trace.layers[index];
    if (!(layer.*unit.share) || (index == trace.chain.back() && output_may_saturate(trace.loss))) continue;
    measured = true;
    const double share = *(layer.*unit.share);
    const double expected = (layer.*unit.expected).value_or(0);
    if (share <= allowed(unit, expected, static_cast<double>(layer.units))) continue;
    layers.push_back(layer.name);
    if (worst == nullptr || share - expected > excess) {
      worst = &layer;
      excess = share - expected;
    }
  }
  if (!measured) return Silence{fmt::format("no layer has an activation that can be {}", unit.name)};
  if (worst == nullptr) return Silence{fmt::format("no more {} than expected", unit.name)};
  return found(unit, std::move(layers), worst->name, *(worst->*unit.share), (worst->*unit.expected).value_or(0));
}

Verdict judge(const UnitShare& unit, const RunTrace& run) {
  constexpr double kUnits = 64;  // a record does not say how many there are
  const std::vector<std::size_t> recorded = layer_records(run);
  if (!spans_enough(run, recorded)) return Silence{"layer outputs were not recorded over 20 steps"};
  const std::size_t recent = recent_record(recorded);
  std::vector<std::string> layers;
  std::string worst;
  double share = 0;
  double before = 0;
  std::size_t begin = run.steps.size();
  const std::size_t judged = run.layers.size() - (output_may_saturate(run.loss) ? 1 : 0);
  for (std::size_t l = 0; l < judged; ++l) {
    const auto value = [&](const RunStep& step) {
      return l < step.layers.size() ? (step.layers[l].*unit.recorded).value_or(NAN) : double(NAN);
    };
    const double start = value(run.steps[recorded.front()]);
    const double now = median(column(run, recent, run.steps.size(), value));
    const double limit = allowed(unit, start, kUnits);
    if (!std::isfinite(start) || now <= limit) continue;
    layers.push_back(run.layers[l].name);
    // A step without a number of this layer says nothing against it.
    begin = std::min(begin, since(run, [&](const RunStep& step) { return !(value(step) <= limit); }));
    if (now - start > share - before) {
      worst = run.layers[l].name;
      share = now;
      before = start;
    }
  }
  if (layers.empty()) return Silence{fmt::format("no layer has become more {} since the start", unit.name)};
  Finding finding = found(unit, std::move(layers), worst, share, before);
  finding.onset = onset_at(run, record_from(recorded, begin), worst);
  constexpr double kMoving = 1e-4;  // theory, section 5.5: healthy from here on
  const double slowest = slowest_kernel(run, recent);
  if (unit.harmless_while_moving && slowest >= kMoving) {
    finding.severity = Severity::info;
    finding.message += fmt::format(" Every layer still moves by {:.0e} of its weights per step or more.", slowest);
  }
  return finding;
}

}  // namespace evenflow
