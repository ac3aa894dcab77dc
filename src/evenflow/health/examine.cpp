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

// The last epoch's accuracy on the training data, of whichever kind; absent without such a metric.
std::optional<double> accuracy(const RunTrace& run) {
  if (run.epochs.empty()) return std::nullopt;
  for (const auto& [name, value] : run.epochs.back().logs) {
    if (!name.starts_with("val_") && name.ends_with("accuracy")) return value;
  }
  return std::nullopt;
}

// Says in words how the network trains well, whatever else is odd about it: the loss has fallen to a quarter and stays
// near its lowest, or it has fallen to a half and nearly every sample is classified as it should be.
std::optional<std::string> trains_well(const RunTrace& run) {
  constexpr std::size_t kSteps = 100;
  constexpr double kFallen = 0.25;
  constexpr double kNearLowest = 1.5;
  constexpr double kFallenWithAccuracy = 0.5;
  constexpr double kAccurate = 0.95;
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
  const double now = median(losses(run, run.steps.size() - window, run.steps.size()));
  if (!(first > 0)) return std::nullopt;
  const std::string loss = fmt::format("the loss fell from {:.3g} to {:.3g}", first, now);
  if (now <= kFallen * first && now <= kNearLowest * lowest) return loss;
  const std::optional<double> right = accuracy(run);
  if (now <= kFallenWithAccuracy * first && right && *right >= kAccurate) {
    return fmt::format("{}, and {:.1f} % of the samples are classified right", loss, 100 * *right);
  }
  return std::nullopt;
}

// What does no harm is worth a remark and no alarm. Numbers that are not finite are always an error.
void relieve(const std::string& well, std::vector<Finding>& findings) {
  for (Finding& finding : findings) {
    if (finding.severity == Severity::info || finding.rule == "non-finite") continue;
    finding.severity = Severity::info;
    finding.message += " The network trains all the same: " + well + ".";
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
  if (const std::optional<std::string> well = trains_well(run)) relieve(*well, findings);
  sort_by_severity(findings);
  return findings;
}

}  // namespace evenflow
