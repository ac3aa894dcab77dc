// One step's gradient stands far out of the run's own history (medians of log norms, not constants).
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/robust.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

constexpr std::size_t kHistory = 100;
constexpr std::size_t kShortest = 20;
// Far out: 6 robust deviations, and a factor of 10, because deviations of quiet runs are tiny.
constexpr double kDeviations = 6;
constexpr double kDecades = 1;

struct Spike {
  std::size_t step = 0;
  double decades = 0;  // above the median
  double deviations = 0;
};

std::vector<Spike> spikes(const RunTrace& run) {
  std::vector<double> history;  // log10 norms that were no spikes
  std::vector<Spike> found;
  for (std::size_t i = 0; i < run.steps.size(); ++i) {
    const double norm = run.steps[i].global_norm;
    if (!(norm > 0) || !std::isfinite(norm)) continue;
    const double log_norm = std::log10(norm);
    if (history.size() >= kShortest) {
      const std::size_t begin = history.size() > kHistory ? history.size() - kHistory : 0;
      const std::vector<double> window(history.begin() + static_cast<std::ptrdiff_t>(begin), history.end());
      const double center = median(window);
      const double deviation = std::max(robust_deviation(window, center), 0.02);
      if (log_norm - center > std::max(kDecades, kDeviations * deviation)) {
        found.push_back({i, log_norm - center, (log_norm - center) / deviation});
        // A level that lasts is a new level.
        if (found.size() < kShortest || i - found[found.size() - kShortest].step >= 2 * kShortest) continue;
      }
    }
    history.push_back(log_norm);
  }
  return found;
}

// The parameter with the largest part of the squared norm.
std::string largest_parameter(const RunTrace& run, const RunStep& step, double& share) {
  double total = 0;
  double largest = 0;
  std::string name;
  for (std::size_t p = 0; p < step.parameters.size() && p < run.parameters.size(); ++p) {
    const double square = step.parameters[p].gradient_norm * step.parameters[p].gradient_norm;
    total += square;
    if (square > largest) {
      largest = square;
      name = run.parameters[p].layer;
    }
  }
  share = total > 0 ? largest / total : 0;
  return name;
}

Verdict watch(const RunTrace& run) {
  if (run.steps.size() <= kShortest) return Silence{"fewer than 21 steps: there is no history to judge by"};
  const std::vector<Spike> found = spikes(run);
  if (found.empty()) return Silence{fmt::format("no step of {} stands out of the run's own history", run.steps.size())};
  const Spike& worst = *std::max_element(found.begin(), found.end(),
                                         [](const Spike& a, const Spike& b) { return a.decades < b.decades; });
  const std::vector<double> before = losses(run, worst.step >= 20 ? worst.step - 20 : 0, worst.step);
  const std::vector<double> after = losses(run, worst.step + 1, worst.step + 21);
  const bool lasting = after.size() >= 5 && median(after) > 2 * std::abs(median(before)) + 1e-12;
  Finding finding;
  finding.severity = lasting ? Severity::error : Severity::warning;
  double share = 0;
  const std::string layer = largest_parameter(run, run.steps[worst.step], share);
  finding.onset = onset_at(run, worst.step, layer);
  if (!layer.empty()) finding.layers = {layer};
  finding.evidence = {{"spikes", static_cast<double>(found.size()), "steps"},
                      {"decades_above_median", worst.decades, "decades"},
                      {"robust_deviations", worst.deviations, "deviations"},
                      {"clip_factor", run.steps[worst.step].clip_factor, "factor"},
                      {"share_of_largest_layer", share, "fraction"}};
  if (!layer.empty()) {
    finding.cause = {{fmt::format("the gradient of {}", layer), worst.decades,
                      fmt::format("{:.0f} % of the squared norm of that step", 100 * share)}};
  }
  finding.message = fmt::format(
      "At step {} the gradient was {:.0f} times the usual ({:.1f} decades over the median of the steps before){}. {}",
      run.steps[worst.step].iteration, std::pow(10.0, worst.decades), worst.decades,
      found.size() > 1 ? fmt::format(", the worst of {} such steps", found.size()) : "",
      lasting ? "The loss did not come back." : "The loss came back.");
  if (run.clipping.empty()) {
    finding.advice.push_back("clipping by global norm at the usual size of the gradient (--global-clipnorm)");
  }
  finding.advice.push_back("a look at the batch of that step, and a smaller learning rate or a warm-up");
  return finding;
}

}  // namespace

extern const Rule gradient_spike;
constinit const Rule gradient_spike{
    .id = "gradient-spike",
    .summary = "A single step's gradient is many times what this run is used to.",
    .watch = watch,
};

}  // namespace evenflow::rules
