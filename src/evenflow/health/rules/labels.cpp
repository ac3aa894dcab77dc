// Targets outside of what the loss can take.
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

std::string wrong(const Trace& trace, const DataFacts& facts, std::int64_t units) {
  const std::string& loss = trace.loss;
  const auto range = fmt::format("{:.4g} to {:.4g}", facts.target_minimum, facts.target_maximum);
  if (loss == "sparse_categorical_crossentropy") {
    if (!facts.target_integers) return fmt::format("class numbers must be whole, and the targets ({}) are not", range);
    if (facts.target_minimum < 0 || facts.target_maximum >= static_cast<double>(units)) {
      return fmt::format("class numbers go from {}, the output has {} units: 0 to {} are possible", range, units,
                         units - 1);
    }
  }
  if (loss == "categorical_crossentropy" &&
      (facts.target_minimum < -1e-4 || std::abs(facts.target_row_sum_minimum - 1) > 0.01 ||
       std::abs(facts.target_row_sum_maximum - 1) > 0.01)) {
    return fmt::format("each row must be a distribution, and their sums go from {:.3g} to {:.3g}",
                       facts.target_row_sum_minimum, facts.target_row_sum_maximum);
  }
  if (loss.starts_with("binary_") && (facts.target_minimum < -1e-4 || facts.target_maximum > 1 + 1e-4)) {
    return fmt::format("targets must lie between 0 and 1, and go from {}", range);
  }
  if ((loss == "poisson" || loss == "mean_squared_logarithmic_error") && facts.target_minimum < 0) {
    return fmt::format("targets must not be negative, and go from {}", range);
  }
  if (facts.target_minimum == facts.target_maximum && facts.target_width == 1) {
    return fmt::format("every target is {:.4g}: there is nothing to tell apart", facts.target_minimum);
  }
  return "";
}

Verdict check(const Trace& trace) {
  if (trace.loss.empty() || trace.chain.empty() || !trace.data_facts || !trace.data_facts->with_targets) {
    return Silence{"there are no targets, or no loss"};
  }
  const DataFacts& facts = *trace.data_facts;
  const std::string what = wrong(trace, facts, trace.layers[trace.chain.back()].units);
  if (what.empty()) {
    return Silence{
        fmt::format("targets from {:.4g} to {:.4g} fit {}", facts.target_minimum, facts.target_maximum, trace.loss)};
  }
  Finding finding{.severity = Severity::error};
  finding.evidence = {{"target_minimum", facts.target_minimum, "target"},
                      {"target_maximum", facts.target_maximum, "target"}};
  finding.message = fmt::format("The targets do not fit {}: {}.", trace.loss, what);
  finding.advice = {"targets as the loss wants them, or the loss that fits these targets"};
  return finding;
}

}  // namespace

extern const Rule labels;
constinit const Rule labels{
    .id = "labels",
    .summary = "Targets do not fit the loss.",
    .check = check,
};

}  // namespace evenflow::rules
