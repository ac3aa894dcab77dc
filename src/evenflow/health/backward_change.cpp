#include "evenflow/health/backward_change.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/health/flow.h"
#include "evenflow/health/robust.h"

namespace evenflow {
namespace {

// Theory, section 8.1: over that many decades one learning rate does not serve all.
constexpr double kStrong = 3;
constexpr double kFatal = 7;
constexpr std::size_t kShortest = 4;  // shorter sequences, or fewer layers, have no way to change size on
constexpr std::size_t kRecords = 3;   // one record may be chance
constexpr double kNothing = -100;     // decades of a gradient that is exactly zero: beyond any verdict

double sign(Change change) {
  return change == Change::grows ? 1 : -1;
}

std::string_view verb(Change change) {
  return change == Change::grows ? "grows" : "shrinks";
}

double decades(double early, double late) {
  if (!std::isfinite(early) || !(late > 0) || !std::isfinite(late)) return NAN;
  return early > 0 ? std::log10(early / late) : kNothing;
}

// ---- Time

double through_time(const std::vector<double>& norms) {
  // Padding may leave the end empty.
  std::size_t last = norms.size();
  while (last > 0 && !(norms[last - 1] > 0)) --last;
  return last < kShortest ? NAN : decades(norms.front(), norms[last - 1]);
}

const std::vector<double>* norms_of(const RunStep& step, std::size_t layer) {
  return layer < step.layers.size() ? &step.layers[layer].time_gradient_norms : nullptr;
}

// ---- Depth

// A hidden layer with a kernel.
struct Stage {
  std::size_t layer;   // in run.layers
  std::size_t kernel;  // in run.parameters
};

std::vector<Stage> stages(const RunTrace& run) {
  std::vector<Stage> stages;
  for (std::size_t l = 0; l < run.layers.size(); ++l) {
    const auto kernel = std::find_if(run.parameters.begin(), run.parameters.end(), [&](const RunParameter& parameter) {
      return parameter.trainable && parameter.layer == run.layers[l].name && parameter.name.ends_with("kernel");
    });
    if (kernel == run.parameters.end()) continue;
    stages.push_back({l, static_cast<std::size_t>(kernel - run.parameters.begin())});
  }
  // The output layer's activation answers to the loss, not to depth.
  if (!stages.empty()) stages.pop_back();
  return stages;
}

double output_norm(const RunStep& step, const Stage& stage) {
  return stage.layer < step.layers.size() ? step.layers[stage.layer].gradient_norm.value_or(NAN) : double(NAN);
}

double kernel_norm(const RunStep& step, const Stage& stage) {
  return stage.kernel < step.parameters.size() ? step.parameters[stage.kernel].gradient_norm : double(NAN);
}

// Typical update of the stage's kernel, as a fraction of its weights per step; absent when it was not recorded.
std::optional<double> update_ratio(const RunTrace& run, const Stage& stage) {
  const std::vector<double> ratios = column(run, 0, run.steps.size(), [&](const RunStep& step) {
    if (stage.kernel >= step.parameters.size()) return double(NAN);
    return step.parameters[stage.kernel].update_norm / step.parameters[stage.kernel].weight_norm;
  });
  return ratios.empty() ? std::nullopt : std::optional(median(ratios));
}

struct Ratios {
  bool known = true;
  double smallest = INFINITY;
  double largest = 0;
  // Every layer trains, at rates that one learning rate can serve.
  bool sane() const {
    return known && smallest >= kStarvedRatio && largest <= smallest * kUpdateSpread && largest <= kDestructiveRatio;
  }
};

Ratios ratios(const RunTrace& run, const std::vector<Stage>& stages) {
  Ratios result;
  for (const Stage& stage : stages) {
    const std::optional<double> ratio = update_ratio(run, stage);
    result.known = result.known && ratio;
    result.smallest = std::min(result.smallest, ratio.value_or(0));
    result.largest = std::max(result.largest, ratio.value_or(0));
  }
  return result;
}

std::string consequence(const RunTrace& run, const Ratios& updates) {
  if (!updates.known) return "";
  const std::string range =
      fmt::format("from {:.0e} to {:.0e} of the weights per step", updates.smallest, updates.largest);
  if (!updates.sane()) return fmt::format(" The layers' updates range {}: no single learning rate serves all.", range);
  return fmt::format(" {} still moves every layer, by {}.", run.optimizer, range);
}

}  // namespace

Verdict judge_time(const RunTrace& run, Change change, const std::vector<std::string>& advice) {
  double largest = -INFINITY;
  for (std::size_t l = 0; l < run.layers.size(); ++l) {
    std::vector<double> changes;
    std::size_t first = run.steps.size();
    std::size_t length = 0;
    for (std::size_t i = 0; i < run.steps.size(); ++i) {
      const std::vector<double>* norms = norms_of(run.steps[i], l);
      const double size = norms == nullptr ? NAN : sign(change) * through_time(*norms);
      if (!std::isfinite(size)) continue;
      length = norms->size();
      changes.push_back(size);
      if (size > kStrong) first = std::min(first, i);
    }
    if (changes.empty()) continue;
    const double typical = median(changes);
    largest = std::max(largest, typical);
    if (typical <= kStrong) continue;
    const double per_step = typical / static_cast<double>(length - 1);
    Finding finding{.severity = typical > kFatal ? Severity::error : Severity::warning, .layers = {run.layers[l].name}};
    finding.onset = onset_at(run, std::min(first, run.steps.size() - 1), run.layers[l].name);
    finding.evidence = {{"decades", sign(change) * typical, "decades"},
                        {"time_steps", static_cast<double>(length), "steps"},
                        {"decades_per_step", sign(change) * per_step, "decades"}};
    finding.message = fmt::format("In {} the gradient {} by {:.1f} decades over {} time steps ({:.2f} per step).",
                                  run.layers[l].name, verb(change), typical, length, per_step);
    finding.advice = advice;
    return finding;
  }
  if (!std::isfinite(largest)) {
    return Silence{"gradients through time were not recorded, or there is no recurrent layer"};
  }
  return Silence{fmt::format("the gradient changes by {:+.1f} decades through time", sign(change) * largest)};
}

Verdict judge_depth(const RunTrace& run, Change change, const std::vector<std::string>& advice) {
  const std::vector<Stage> hidden = stages(run);
  if (hidden.size() < kShortest) return Silence{"fewer than four trainable hidden layers with kernels"};
  const bool outputs = std::any_of(run.steps.begin(), run.steps.end(), [&](const RunStep& step) {
    return std::isfinite(output_norm(step, hidden.front()));
  });
  // The gradient of the first kernel has the scale of the inputs in it.
  const Stage& first = hidden[outputs ? 0 : 1];
  const Stage& last = hidden.back();
  const auto norm = outputs ? output_norm : kernel_norm;
  const auto size = [&](const RunStep& step) { return sign(change) * decades(norm(step, first), norm(step, last)); };
  const std::vector<double> sizes = column(run, 0, run.steps.size(), size);
  if (sizes.size() < kRecords) return Silence{fmt::format("gradients were recorded at fewer than {} steps", kRecords)};
  const double typical = median(sizes);
  if (typical <= kStrong) {
    return Silence{
        fmt::format("while training, the gradient changes by {:+.1f} decades over {} hidden layers; up to "
                    "{:.0f} is not judged",
                    sign(change) * typical, hidden.size(), kStrong)};
  }

  const Ratios updates = ratios(run, hidden);
  const std::string& early = run.layers[first.layer].name;
  Finding finding{.severity = updates.sane() ? Severity::warning : Severity::error};
  for (const Stage& stage : hidden) {
    const double here = median(column(run, 0, run.steps.size(), [&](const RunStep& step) {
      return sign(change) * decades(norm(step, stage), norm(step, last));
    }));
    if (here > 1) finding.layers.push_back(run.layers[stage.layer].name);
  }
  const auto begin =
      std::find_if(run.steps.begin(), run.steps.end(), [&](const RunStep& step) { return size(step) > kStrong; });
  finding.onset = onset_at(run, static_cast<std::size_t>(begin - run.steps.begin()), early);
  finding.evidence = {{"total_decades", sign(change) * typical, "decades"},
                      {"hidden_layers", static_cast<double>(hidden.size()), "layers"},
                      {"records", static_cast<double>(sizes.size()), "steps"}};
  if (updates.known) {
    finding.evidence.push_back({"smallest_update_ratio", updates.smallest, "per step"});
    finding.evidence.push_back({"largest_update_ratio", updates.largest, "per step"});
  }
  const std::string what = outputs ? "the gradient" : "the weights' gradient";
  finding.message = typical >= -kNothing ? fmt::format("While training, no gradient at all reaches {}.", early)
                                         : fmt::format("While training, {} {} by {:.1f} decades from {} back to {}.",
                                                       what, verb(change), typical, run.layers[last.layer].name, early);
  finding.message += consequence(run, updates);
  finding.advice = advice;
  return finding;
}

}  // namespace evenflow
