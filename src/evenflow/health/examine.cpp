#include <algorithm>

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
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return findings;
}

}  // namespace

std::vector<Finding> examine(const Trace& trace, std::vector<std::string>* silences) {
  return judge(trace, &Rule::check, silences);
}

std::vector<Finding> examine(const RunTrace& run, std::vector<std::string>* silences) {
  return judge(run, &Rule::watch, silences);
}

}  // namespace evenflow
