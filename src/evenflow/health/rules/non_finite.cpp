// NaN or infinite numbers, and the first layer that had one.
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/robust.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

bool broken(const RunStep& step) {
  if (!std::isfinite(step.loss)) return true;
  return std::any_of(step.parameters.begin(), step.parameters.end(),
                     [](const ParameterStep& p) { return p.non_finite > 0; }) ||
         std::any_of(step.layers.begin(), step.layers.end(), [](const LayerStep& l) { return l.non_finite > 0; });
}

// Forward: the first layer whose output is broken. Backward: the last parameter, where the gradient came from.
std::string origin(const RunTrace& run, const RunStep& step, std::string& direction) {
  for (std::size_t i = 0; i < step.layers.size() && i < run.layers.size(); ++i) {
    if (step.layers[i].non_finite > 0) {
      direction = "on the way forward";
      return run.layers[i].name;
    }
  }
  for (std::size_t p = std::min(step.parameters.size(), run.parameters.size()); p-- > 0;) {
    if (step.parameters[p].non_finite > 0) {
      direction = std::isfinite(step.loss) ? "on the way back" : "with a loss that was already broken";
      return run.parameters[p].layer;
    }
  }
  direction = "in the loss";
  return "";
}

Verdict watch(const RunTrace& run) {
  const auto first = std::find_if(run.steps.begin(), run.steps.end(), broken);
  if (first == run.steps.end()) return Silence{fmt::format("every number of {} steps is finite", run.steps.size())};
  const auto at = static_cast<std::size_t>(first - run.steps.begin());
  std::string direction;
  const std::string layer = origin(run, *first, direction);
  double values = 0;
  for (const ParameterStep& p : first->parameters) values += p.non_finite;
  for (const LayerStep& l : first->layers) values += l.non_finite;
  Finding finding{.severity = Severity::error, .onset = onset_at(run, at, layer)};
  if (!layer.empty()) finding.layers = {layer};
  finding.evidence = {{"non_finite", values, "values"}, {"learning_rate", first->learning_rate, "per step"}};
  finding.message = fmt::format("At step {} numbers became NaN or infinite, first {}{}.", first->iteration,
                                layer.empty() ? "" : layer + " ", direction);
  const std::vector<double> before =
      column(run, at >= 50 ? at - 50 : 0, at, [](const RunStep& s) { return s.global_norm; });
  if (before.size() >= 5 && before.front() > 0 && before.back() > 0) {
    const double growth = std::log10(before.back() / median(before));
    finding.evidence.push_back({"growth_before", growth, "decades"});
    finding.message += growth > 1 ? fmt::format(" The gradient had grown by {:.1f} decades just before.", growth)
                                  : " The gradient had its usual size just before: one sample or one operation did it.";
    if (growth > 1) finding.cause = {{"an explosion", growth, "the gradient grew step by step before"}};
  }
  finding.advice = {"a smaller learning rate, or --global-clipnorm 1",
                    "evenflow replay of the run: it names the operation",
                    "inputs and targets without NaN, and logarithms and divisions kept away from zero"};
  return finding;
}

}  // namespace

extern const Rule non_finite;
constinit const Rule non_finite{
    .id = "non-finite",
    .summary = "Numbers became NaN or infinite.",
    .watch = watch,
};

}  // namespace evenflow::rules
