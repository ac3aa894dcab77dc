// The gradient grows on its way to the early layers, or leaves the numbers that float32 has. Verdicts: theory,
// section 8.1.
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/backward_change.h"
#include "evenflow/health/flow.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

constexpr double kLargestFloat = 38.53;  // log10 of the largest float32
constexpr std::string_view kLearn =
    "R. Pascanu, T. Mikolov, Y. Bengio: On the difficulty of training recurrent neural networks (ICML 2013)";

// Layers whose numbers are not finite, in the model's order.
std::vector<std::size_t> non_finite_layers(const Trace& trace) {
  std::vector<std::size_t> layers;
  for (std::size_t i = 0; i < trace.layers.size(); ++i) {
    if (trace.layers[i].non_finite > 0) layers.push_back(i);
  }
  return layers;
}

std::vector<std::size_t> amplified(const Profile& flow) {
  std::vector<std::size_t> layers;
  for (const Profile::Point& point : flow.points) {
    if (point.decades > 1) layers.push_back(point.layer);
  }
  return layers;
}

std::string growth_text(const Trace& trace, const Profile& flow, double decades) {
  if (flow.is_trend(decades)) {
    return fmt::format("The gradient grows by {:.2f} decades per layer, {:.1f} decades over {} layers.", flow.per_layer,
                       decades, flow.points.size());
  }
  const std::size_t steepest = flow.steepest(decades);
  const auto& below = flow.points[steepest];
  const auto& above = flow.points[steepest + 1];
  return fmt::format("The gradient grows by {:.1f} decades on its way back, {:.1f} of them between {} and {}.", decades,
                     below.decades - above.decades, trace.layers[above.layer].name, trace.layers[below.layer].name);
}

std::string consequence(const Trace& trace, const Profile& flow, const Updates& u, bool tame) {
  if (flow.highest + flow.last_norm > kLargestFloat) {
    return "That is more than float32 can hold: training turns into NaN at the first step.";
  }
  if (u.known && u.largest > kDestructiveRatio) {
    return fmt::format("One step under {} changes a layer by {:.2g} times its weights: it destroys what is there.",
                       optimizer_name(trace), u.largest);
  }
  if (tame) {
    return fmt::format("{} keeps every update between {:.0e} and {:.0e} of the weights, so it may train.",
                       optimizer_name(trace), u.smallest, u.largest);
  }
  if (u.known && u.largest > u.smallest * kUpdateSpread) {
    return fmt::format("The updates of the layers differ by {:.1f} decades: no single learning rate serves all.",
                       std::log10(u.largest / u.smallest));
  }
  return "The early layers get far larger updates than the last ones.";
}

std::vector<std::string> advice(const Profile& flow, const std::vector<Finding::Cause>& causes) {
  std::vector<std::string> lines;
  double slope = 0;
  double weights = 0;
  bool normalized = false;
  for (const Finding::Cause& cause : causes) {
    if (cause.factor == "the weights' gain") weights += cause.decades;
    if (cause.factor.ends_with("'s slope")) slope += cause.decades;
    if (cause.factor == "batch_normalization's gain") normalized = true;
  }
  const auto steps = static_cast<double>(flow.steps());
  if (normalized) {
    lines.push_back("residual connections: batch normalization without them amplifies the gradient in every layer");
  } else if (weights > 0) {
    lines.push_back(fmt::format("initial weights with gain {:.2f} per layer instead of {:.3g} (he_normal for relu)",
                                std::pow(10.0, -slope / steps), std::pow(10.0, weights / steps)));
  }
  lines.push_back("clipping by global norm (--global-clipnorm 1.0) keeps a step finite; it does not level the layers");
  return lines;
}

Finding overflow(const Trace& trace, const Profile& flow, const std::vector<std::size_t>& layers) {
  const LayerTrace& first = trace.layers[layers.front()];
  Finding result;
  result.severity = Severity::error;
  result.layers = names(trace, layers);
  double values = 0;
  for (const std::size_t layer : layers) values += trace.layers[layer].non_finite;
  result.evidence = {{"non_finite", values, "values"}};
  result.message = fmt::format("Numbers become infinite or NaN, first in {}.", first.name);
  if (flow.points.size() >= 2) {
    const std::vector<Finding::Number> numbers = evidence(trace, flow, updates(trace));
    result.evidence.insert(result.evidence.end(), numbers.begin(), numbers.end());
    result.cause = causes(trace, flow);
    result.advice = advice(flow, result.cause);
    if (flow.total > flow.allowed) {
      result.message +=
          fmt::format(" Over the {} layers that could be measured the gradient grows by {:.2f} decades per layer.",
                      flow.points.size(), flow.per_layer);
    }
  }
  if (result.advice.empty())
    result.advice = {"smaller initial weights (he_normal for relu), and inputs scaled to about 1"};
  result.learn = kLearn;
  return result;
}

Verdict check(const Trace& trace) {
  const Profile flow = profile(trace);
  const std::vector<std::size_t> broken = non_finite_layers(trace);
  if (!broken.empty()) return overflow(trace, flow, broken);
  if (trace.path.size() < 2) return Silence{"fewer than two layers with kernels: there is no way back to grow on"};
  if (flow.points.size() < 2) return Silence{"the gradient was measured at fewer than two layers"};

  const double decades = std::max(flow.total, flow.highest);
  const Strength size = strength(flow, decades);
  if (size == Strength::healthy) {
    return Silence{flow.highest < 0.005 && flow.total < -flow.allowed
                       ? fmt::format("the gradient does not grow: {:+.2f} decades", flow.total)
                       : healthy_text(flow)};
  }

  const Updates u = updates(trace);
  const bool tame = u.sane() && u.largest <= kDestructiveRatio && flow.highest + flow.last_norm < kLargestFloat;
  Finding result;
  if (size == Strength::weak) {
    result.severity = tame ? Severity::info : u.known && u.largest > 1 ? Severity::error : Severity::warning;
  } else {
    result.severity = tame ? Severity::warning : Severity::error;
  }
  result.layers = names(trace, amplified(flow));
  result.evidence = evidence(trace, flow, u);
  result.cause = causes(trace, flow);
  result.message = growth_text(trace, flow, decades) + " " + consequence(trace, flow, u, tame);
  result.advice = advice(flow, result.cause);
  result.learn = kLearn;
  return result;
}

Verdict watch(const RunTrace& run) {
  return judge_depth(
      run, Change::grows,
      {"clipping by global norm (--global-clipnorm 1.0) keeps a step finite; it does not level the layers",
       "initial weights with a smaller gain (he_normal for relu), or layer_normalization"});
}

}  // namespace

extern const Rule exploding_gradient;
constinit const Rule exploding_gradient{
    .id = "exploding-gradient",
    .summary = "The gradient grows from layer to layer on its way back, or becomes infinite.",
    .check = check,
    .watch = watch,
    .leading = true,
};

}  // namespace evenflow::rules
