#include "evenflow/health/run_watcher.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

constexpr std::size_t kMostSteps = 4000;

// Reports name what was measured, which need not be everything, nor in the run's order.
template <class Item, class Reports, class Convert>
auto by_name(const std::vector<Item>& wanted, const Reports& reports, const Convert& convert) {
  std::vector<decltype(convert(reports.front()))> result;
  if (reports.empty()) return result;
  result.resize(wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    // The same place, nearly always.
    if (i < reports.size() && reports[i].name == wanted[i].name) {
      result[i] = convert(reports[i]);
      continue;
    }
    const auto found =
        std::find_if(reports.begin(), reports.end(), [&](const auto& report) { return report.name == wanted[i].name; });
    if (found != reports.end()) result[i] = convert(*found);
  }
  return result;
}

ParameterStep parameter_step(const ParameterReport& p) {
  return {.gradient_norm = p.gradient_norm,
          .gradient_maximum = p.gradient_maximum,
          .gradient_mean = p.gradient_mean,
          .zero_fraction = p.zero_fraction,
          .non_finite = p.non_finite,
          .weight_norm = p.weight_norm,
          .update_norm = p.update_norm,
          .exponents = {p.exponents.begin(), p.exponents.end()}};
}

LayerStep layer_step(const LayerReport& l) {
  const auto known = [](double value) { return std::isnan(value) ? std::nullopt : std::optional(value); };
  return {.second_moment = known(l.second_moment),
          .variance_fraction = known(l.variance_fraction),
          .cosine = known(l.cosine),
          .mean_slope = known(l.mean_slope),
          .mean_square_slope = known(l.mean_square_slope),
          .saturated = known(l.saturated),
          .dead = known(l.dead),
          .gradient_norm = known(l.gradient_norm),
          .time_gradient_norms = {l.time_gradient_norms.begin(), l.time_gradient_norms.end()},
          .non_finite = l.non_finite};
}

}  // namespace

RunStep run_step(const StepReport& report, const RunTrace& run) {
  RunStep step{.iteration = static_cast<std::int64_t>(report.iteration),
               .epoch = report.epoch,
               .loss = report.loss,
               .global_norm = report.global_norm,
               .clip_factor = std::isnan(report.clip_factor) ? 1 : report.clip_factor,
               .learning_rate = report.learning_rate};
  step.parameters = by_name(run.parameters, report.parameters, parameter_step);
  step.layers = by_name(run.layers, report.layers, layer_step);
  return step;
}

void RunWatcher::on_step(const StepReport& report) {
  run_.steps_per_epoch = report.steps;
  run_.steps.push_back(run_step(report, run_));
  ++seen_;
  const bool broken = !std::isfinite(report.loss);
  if (seen_ < next_ && !(broken && told_.empty())) return;
  next_ = std::max(seen_ + 50, seen_ + seen_ / 10);
  judge();
  thin_out();
}

void RunWatcher::on_epoch(const EpochReport& report) {
  run_.epochs.push_back({.epoch = report.epoch, .logs = report.logs});
}

void RunWatcher::judge() {
  for (const Finding& finding : examine(run_)) {
    if (finding.severity == Severity::info) continue;
    const auto told = told_.find(finding.rule);
    if (told != told_.end() && told->second >= finding.severity) continue;
    told_[finding.rule] = finding.severity;
    tell_(finding);
  }
}

// Keeps every step of the newer half and every second one of the older.
void RunWatcher::thin_out() {
  if (run_.steps.size() <= kMostSteps) return;
  std::vector<RunStep> kept;
  const std::size_t half = run_.steps.size() / 2;
  for (std::size_t i = 0; i < run_.steps.size(); ++i) {
    if (i >= half || i % 2 == 0) kept.push_back(std::move(run_.steps[i]));
  }
  run_.steps = std::move(kept);
}

std::string one_line(const Finding& finding) {
  std::string text = fmt::format("{} {}", to_string(finding.severity), finding.rule);
  if (finding.onset) {
    text += fmt::format(" since step {}", finding.onset->step);
    if (!finding.onset->layer.empty()) text += ", " + printable(finding.onset->layer);
  }
  return text + ": " + finding.message;
}

}  // namespace evenflow
