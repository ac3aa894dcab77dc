// The gradient shrinks on its way to the early layers. Verdicts: theory, section 8.1; what is judged is the gradient
// with respect to the pre-activations, because the ratio of weight gradients is blind in ReLU networks (section 1.6).
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/backward_change.h"
#include "evenflow/health/flow.h"
#include "evenflow/health/rule.h"
#include "evenflow/health/zero.h"

namespace evenflow::rules {
namespace {

// Below this share of its output depends on the input, the last hidden layer is as good as a constant. A gradient that
// shrinks by 3 decades (the strong verdict) comes with a signal whose variance shrinks by 6: the same factors act on
// both (theory, section 1.2).
constexpr double kBlindSignal = 1e-6;
// All weight gradients below 10^-8: the scale itself is lost, which no ratio shows (theory, section 8.1).
constexpr double kLostScale = -8;

constexpr std::string_view kLearn =
    "X. Glorot, Y. Bengio: Understanding the difficulty of training deep feedforward neural networks (AISTATS 2010)";

bool saturates(std::string_view activation) {
  constexpr std::string_view kSaturating[] = {"sigmoid", "hard_sigmoid", "tanh", "hard_tanh", "softsign"};
  return std::find(std::begin(kSaturating), std::end(kSaturating), activation) != std::end(kSaturating);
}

bool scale_lost(const Trace& trace) {
  return std::all_of(trace.path.begin(), trace.path.end(), [&](std::size_t layer) {
    const std::optional<double>& rms = trace.layers[layer].weight_gradient_rms;
    return rms && *rms < kLostScale;
  });
}

// The layers that the gradient reaches with less than a tenth of its size.
std::vector<std::size_t> weakened(const Profile& profile) {
  std::vector<std::size_t> layers;
  for (const Profile::Point& point : profile.points) {
    if (point.decades < -1) layers.push_back(point.layer);
  }
  return layers;
}

std::string loss_text(const Trace& trace, const Profile& profile, double decades) {
  if (profile.is_trend(decades)) {
    return fmt::format("The gradient loses {:.2f} decades per layer, {:.1f} decades over {} layers.",
                       -profile.per_layer, -decades, profile.points.size());
  }
  const std::size_t steepest = profile.steepest(decades);
  const auto& below = profile.points[steepest];
  return fmt::format("The gradient loses {:.1f} decades on its way back, {:.1f} of them between {} and {}.", -decades,
                     profile.points[steepest + 1].decades - below.decades,
                     trace.layers[profile.points[steepest + 1].layer].name, trace.layers[below.layer].name);
}

struct Circumstances {
  Updates updates;
  bool blind = false;
  bool rescued = false;
};

std::string consequence(const Trace& trace, const Circumstances& c) {
  const Updates& u = c.updates;
  if (!u.starved.empty()) {
    return fmt::format("{} of {} layers get updates below {:.0e} of their weights per step: they do not train.",
                       u.starved.size(), trace.path.size(), kStarvedRatio);
  }
  if (c.blind) {
    const std::string rescaled =
        trace.adaptive ? fmt::format("{} rescales the updates, but the signal is lost as well", optimizer_name(trace))
                       : "The signal is lost as well";
    return fmt::format("{}: only {:.0e} of the last hidden layer's output depends on the input.", rescaled,
                       signal_left(trace));
  }
  if (c.rescued) {
    const std::string near = u.near_epsilon == 0 ? ""
                                                 : fmt::format("; the gradients of {} layers are near its epsilon {:g}",
                                                               u.near_epsilon, trace.epsilon);
    return fmt::format("{} still moves every layer by at least {:.0e} of its weights per step, so it may train{}.",
                       optimizer_name(trace), u.smallest, near);
  }
  if (scale_lost(trace)) {
    return "Every weight gradient is below 1e-8, the last layer's too: comparing layers does not show it.";
  }
  if (u.known && u.largest > u.smallest * kUpdateSpread) {
    return fmt::format("The updates of the layers differ by {:.1f} decades: no single learning rate serves all.",
                       std::log10(u.largest / u.smallest));
  }
  return "The early layers learn far slower than the last ones.";
}

std::vector<std::string> advice(const Profile& profile, const std::vector<Finding::Cause>& causes) {
  std::vector<std::string> lines;
  std::string activation;
  double slope = 0;
  for (const Finding::Cause& cause : causes) {
    const std::size_t end = cause.factor.find("'s slope");
    if (end == std::string::npos || cause.decades > slope) continue;
    activation = cause.factor.substr(0, end);
    slope = cause.decades;
  }
  const auto steps = static_cast<double>(profile.steps());
  if (saturates(activation)) {
    lines.push_back(fmt::format("relu with he_normal instead of {}: slope and gain cancel in every layer", activation));
  }
  const double needed = std::pow(10.0, -slope / steps);
  if (!activation.empty() && !saturates(activation)) {
    lines.push_back(fmt::format("initial weights with gain {:.2f} per layer, which makes up for {}'s slope{}", needed,
                                activation, activation == "relu" ? " (he_normal)" : ""));
  }
  if (activation.empty()) lines.push_back("initial weights with gain 1 per layer (lecun_normal or orthogonal)");
  lines.push_back("batch_normalization before each activation, or residual connections");
  return lines;
}

Finding finding(const Trace& trace, const Profile& profile, const Circumstances& c) {
  Finding finding;
  finding.layers = names(trace, c.updates.starved.empty() ? weakened(profile) : c.updates.starved);
  finding.evidence = evidence(trace, profile, c.updates);
  finding.cause = causes(trace, profile);
  finding.advice = advice(profile, finding.cause);
  finding.learn = kLearn;
  return finding;
}

// Not a single gradient element arrives: dead units, or sizes that float32 does not have.
Finding blocked(const Trace& trace, const Profile& profile) {
  Finding result;
  std::vector<std::size_t> cut_off;
  for (const Profile::Point& point : profile.points) {
    if (point.decades + profile.last_norm <= kExactlyZero) cut_off.push_back(point.layer);
  }
  const LayerTrace& barrier = trace.layers[cut_off.back()];
  result.severity = Severity::error;
  result.layers = names(trace, cut_off);
  result.evidence = evidence(trace, profile, updates(trace));
  // A layer without any signal silences those behind it as well: the first in the forward order is where it began.
  const auto dead = std::find_if(trace.chain.begin(), trace.chain.end(),
                                 [&](std::size_t layer) { return trace.layers[layer].dead.value_or(0) == 1; });
  if (dead != trace.chain.end()) {
    const LayerTrace& origin = trace.layers[*dead];
    result.cause = {{fmt::format("dead units in {}", origin.name), profile.total,
                     fmt::format("the slope of {} is 0 for every unit and every sample", origin.activation)}};
  } else {
    result.cause = {{fmt::format("no gradient at {}", barrier.name), profile.total, "its gradient is exactly zero"}};
  }
  result.message = fmt::format("No gradient at all reaches {} of {} layers: it is exactly zero from {} on back.",
                               cut_off.size(), profile.points.size(), barrier.name);
  result.advice = {"fresh weights with he_normal and a smaller learning rate",
                   "leaky_relu or elu: their slope is never 0"};
  result.learn = "L. Lu et al.: Dying ReLU and initialization (arXiv 1903.06733)";
  return result;
}

Finding dying(const Trace& trace, const Profile& profile) {
  Finding result = finding(trace, profile, {.updates = updates(trace)});
  result.severity = 2 * trace.dead_redraws >= trace.redraws ? Severity::error : Severity::warning;
  result.layers = names(trace, {trace.path.front()});
  result.message = fmt::format("In {} of {} draws of the weights no gradient at all reaches the first layer.",
                               trace.dead_redraws, trace.redraws);
  result.advice = {"leaky_relu or elu: their slope is never 0",
                   "wider layers, or batch_normalization before each activation"};
  return result;
}

Verdict check(const Trace& trace) {
  if (trace.path.size() < 2) return Silence{"fewer than two layers with kernels: there is no way back to lose size on"};
  const Profile flow = profile(trace);
  if (flow.points.size() < 2) return Silence{"the gradient was measured at fewer than two layers"};
  if (flow.last_norm <= kExactlyZero)
    return Silence{"the gradient at the output is exactly zero: there is nothing to judge"};
  if (flow.total <= kExactlyZero || flow.lowest <= kExactlyZero) return blocked(trace, flow);

  const double decades = std::min(flow.total, flow.lowest);
  const Strength size = strength(flow, decades);
  if (size == Strength::healthy) {
    if (trace.dead_redraws > 0) return dying(trace, flow);
    return Silence{flow.lowest > -0.005 && flow.total > flow.allowed
                       ? fmt::format("the gradient does not shrink: {:+.2f} decades", flow.total)
                       : healthy_text(flow)};
  }

  Circumstances c{.updates = updates(trace), .blind = signal_left(trace) < kBlindSignal};
  c.rescued = c.updates.sane() && !c.blind;
  Finding result = finding(trace, flow, c);
  if (size == Strength::weak) {
    result.severity = c.rescued && trace.adaptive ? Severity::info : Severity::warning;
  } else {
    result.severity = c.rescued ? Severity::warning : Severity::error;
  }
  result.message = loss_text(trace, flow, decades) + " " + consequence(trace, c);
  return result;
}

Verdict watch(const RunTrace& run) {
  return judge_depth(run, Change::shrinks,
                     {"relu with he_normal, or initial weights with the gain that makes up for the slope: evenflow "
                      "check says which factor it is",
                      "batch_normalization before each activation, or residual connections"});
}

}  // namespace

extern const Rule vanishing_gradient;
constinit const Rule vanishing_gradient{
    .id = "vanishing-gradient",
    .summary = "The gradient shrinks from layer to layer on its way back, and the early layers hardly train.",
    .check = check,
    .watch = watch,
    .leading = true,
};

}  // namespace evenflow::rules
