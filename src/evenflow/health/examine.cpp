#include <algorithm>
#include <optional>

#include "evenflow/base/text.h"
#include "evenflow/health/robust.h"
#include "evenflow/health/rule.h"

namespace evenflow {
namespace {

template <class Record>
std::vector<Finding> judge(const Record& record, Verdict (*Rule::*question)(const Record&),
                           std::vector<std::string>* silences) {
  std::vector<Finding> findings;
  std::vector<const Rule*> rules(all_rules().begin(), all_rules().end());
  std::stable_partition(rules.begin(), rules.end(), [](const Rule* rule) { return rule->leading; });
  for (const Rule* rule : rules) {
    if (rule->*question == nullptr) continue;
    Verdict verdict = (rule->*question)(record);
    if (auto* finding = std::get_if<Finding>(&verdict)) {
      finding->rule = rule->id;
      if (finding->learn.empty()) finding->learn = "evenflow explain " + finding->rule;
      findings.push_back(std::move(*finding));
    } else if (silences != nullptr) {
      silences->push_back(std::string(rule->id) + ": " + std::get<Silence>(verdict).reason);
    }
  }
  return findings;
}

void sort_by_severity(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
}

// The loss at the start and now.
struct Fit {
  double start = 0;
  double now = 0;
};

// Present when the network trains well, whatever else is odd about it: the loss has fallen to a quarter and stays near
// its lowest.
std::optional<Fit> fit(const RunTrace& run) {
  constexpr std::size_t kSteps = 100;
  constexpr double kFallen = 0.25;
  constexpr double kNearLowest = 1.5;
  if (run.steps.size() < kSteps || !std::isfinite(run.steps.back().loss)) return std::nullopt;
  const std::size_t window = std::max<std::size_t>(run.steps.size() / 20, 5);
  double lowest = INFINITY;
  for (std::size_t begin = 0; begin + window <= run.steps.size(); begin += window) {
    lowest = std::min(lowest, median(losses(run, begin, begin + window)));
  }
  // The very start: a network that trains well may have learned most within the first epoch. Not what a first step that
  // was too large made of it.
  constexpr std::size_t kStart = 5;
  const std::vector<double> early = losses(run, 0, kStart);
  const double first = early.empty() ? 0 : *std::min_element(early.begin(), early.end());
  const Fit fit{.start = first, .now = median(losses(run, run.steps.size() - window, run.steps.size()))};
  const bool well = fit.start > 0 && fit.now <= kFallen * fit.start && fit.now <= kNearLowest * lowest;
  return well ? std::optional(fit) : std::nullopt;
}

// What does no harm is worth a remark and no alarm. Numbers that are not finite are always an error.
void relieve(const Fit& fit, std::vector<Finding>& findings) {
  for (Finding& finding : findings) {
    if (finding.severity == Severity::info || finding.rule == "non-finite") continue;
    finding.severity = Severity::info;
    finding.message +=
        fmt::format(" The network trains all the same: the loss fell from {:.3g} to {:.3g}.", fit.start, fit.now);
  }
}

}  // namespace

std::vector<Finding> examine(const Trace& trace, std::vector<std::string>* silences) {
  std::vector<Finding> findings = judge(trace, &Rule::check, silences);
  sort_by_severity(findings);
  return findings;
}

std::vector<Finding> examine(const RunTrace& run, std::vector<std::string>* silences) {
  std::vector<Finding> findings = judge(run, &Rule::watch, silences);
  if (const std::optional<Fit> found = fit(run)) relieve(*found, findings);
  sort_by_severity(findings);
  return findings;
}

}  // namespace evenflow
