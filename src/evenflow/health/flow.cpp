#include "evenflow/health/flow.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

// A weak verdict (1 to 3 decades) needs depth: over one or two steps it is the shape of a layer and not a trend.
constexpr std::size_t kStepsForWeak = 3;

bool measured(const std::optional<double>& norm) {
  return norm && std::isfinite(*norm);
}

}  // namespace

bool Profile::is_trend(double decades) const {
  if (steps() < kStepsForWeak || per_layer * decades <= 0) return false;
  const std::size_t i = steepest(decades);
  return std::abs(points[i].decades - points[i + 1].decades) <= 0.5 * std::abs(decades);
}

std::size_t Profile::steepest(double decades) const {
  std::size_t best = 0;
  double largest = 0;
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    const double change = points[i].decades - points[i + 1].decades;
    if (change * decades > 0 && std::abs(change) > largest) {
      largest = std::abs(change);
      best = i;
    }
  }
  return best;
}

Profile profile(const Trace& trace) {
  Profile profile;
  // Frozen layers at the beginning need no gradient. (Where nothing trains, all are looked at.)
  auto begin = std::find_if(trace.path.begin(), trace.path.end(),
                            [&](std::size_t layer) { return trace.layers[layer].trainable; });
  const bool whole = begin == trace.path.begin() || begin == trace.path.end();
  if (whole) begin = trace.path.begin();
  for (auto layer = begin; layer != trace.path.end(); ++layer) {
    const std::optional<double>& norm = trace.layers[*layer].pre_activation_norm;
    if (measured(norm)) profile.points.push_back({*layer, *norm});
  }
  if (profile.points.empty()) return profile;
  profile.last_norm = profile.points.back().decades;
  for (Profile::Point& point : profile.points) {
    point.decades -= profile.last_norm;
    profile.lowest = std::min(profile.lowest, point.decades);
    profile.highest = std::max(profile.highest, point.decades);
  }
  profile.total = whole ? trace.total_decades.mean : profile.points.front().decades;
  profile.per_layer = whole ? trace.decades_per_layer.mean
                            : profile.total / static_cast<double>(std::max<std::size_t>(1, profile.steps()));
  profile.allowed = std::max(1.0, 3 * std::max(trace.expected_deviation, trace.total_decades.deviation));
  return profile;
}

Strength strength(const Profile& profile, double decades) {
  const double size = std::abs(decades);
  if (size <= profile.allowed) return Strength::healthy;
  if (size <= 3) return profile.steps() < kStepsForWeak ? Strength::healthy : Strength::weak;
  return size <= 7 ? Strength::strong : Strength::fatal;
}

std::string healthy_text(const Profile& profile) {
  return fmt::format("the gradient changes by {:+.2f} decades over {} layers; up to {:.1f} is healthy{}", profile.total,
                     profile.points.size(), profile.allowed,
                     profile.steps() < kStepsForWeak ? " (3.0 where there are fewer than four layers)" : "");
}

Updates updates(const Trace& trace) {
  Updates updates;
  std::vector<std::size_t> trained;
  for (const std::size_t layer : trace.path) {
    if (trace.layers[layer].trainable) trained.push_back(layer);
  }
  updates.known = !trained.empty();
  for (const std::size_t layer : trained) {
    const std::optional<double>& rms = trace.layers[layer].weight_gradient_rms;
    if (trace.adaptive && trace.epsilon > 0 && rms && *rms < std::log10(10 * trace.epsilon)) ++updates.near_epsilon;
  }
  bool first = true;
  for (const std::size_t layer : trained) {
    const std::optional<double>& ratio = trace.layers[layer].update_ratio;
    if (!measured(ratio)) {
      updates.known = false;
      continue;
    }
    updates.smallest = first ? *ratio : std::min(updates.smallest, *ratio);
    updates.largest = std::max(updates.largest, *ratio);
    first = false;
  }
  for (const std::size_t layer : trained) {
    const std::optional<double>& ratio = trace.layers[layer].update_ratio;
    if (measured(ratio) && *ratio < kStarvedRatio && *ratio * kUpdateSpread < updates.largest) {
      updates.starved.push_back(layer);
    }
  }
  return updates;
}

namespace {

// One factor of the ledger, summed over the layers that contribute to it.
struct Sum {
  double decades = 0;
  int layers = 0;
  double slope = 0;
  double square_slope = 0;
  std::string initializer;
  bool one_initializer = true;
};

void add_slope(const LayerTrace& layer, double decades, std::map<std::string, Sum>& slopes) {
  if (layer.activation.empty() || layer.activation == "linear") return;
  Sum& sum = slopes[layer.activation];
  sum.decades += decades;
  sum.slope += layer.mean_slope.value_or(0);
  sum.square_slope += layer.mean_square_slope.value_or(0);
  ++sum.layers;
}

// What the layer's activation does to the gradient. A layer that is nothing but an activation (Activation, ReLU, ...)
// does only that.
std::optional<double> slope_decades(const LayerTrace& layer, bool has_kernel) {
  if (layer.slope_decades) return layer.slope_decades;
  return !has_kernel && !layer.activation.empty() ? layer.weight_decades : std::nullopt;
}

void add_gain(const LayerTrace& layer, bool has_kernel, std::map<std::string, Sum>& gains) {
  if (!layer.weight_decades) return;
  Sum& sum = gains[has_kernel ? "the weights" : snake_case(layer.type)];
  sum.decades += *layer.weight_decades;
  if (sum.layers == 0) sum.initializer = layer.initializer;
  sum.one_initializer = sum.one_initializer && sum.initializer == layer.initializer;
  ++sum.layers;
}

std::string layers_text(int layers) {
  return layers == 1 ? "in one layer" : fmt::format("in each of {} layers", layers);
}

std::string slope_text(const Sum& sum) {
  return fmt::format("mean slope {:.3g}, root mean square {:.3g}, {}", sum.slope / sum.layers,
                     std::sqrt(sum.square_slope / sum.layers), layers_text(sum.layers));
}

std::string gain_text(const Sum& sum) {
  const std::string drawn =
      sum.one_initializer && !sum.initializer.empty() ? fmt::format(" (initializer {})", sum.initializer) : "";
  return fmt::format("gain {:.3g}{}, {}", std::pow(10.0, sum.decades / sum.layers), drawn, layers_text(sum.layers));
}

}  // namespace

std::vector<Finding::Cause> causes(const Trace& trace, const Profile& profile) {
  std::map<std::string, Sum> slopes;
  std::map<std::string, Sum> gains;
  bool between = false;
  for (const std::size_t index : trace.chain) {
    const LayerTrace& layer = trace.layers[index];
    const bool first = index == profile.points.front().layer;
    const bool last = index == profile.points.back().layer;
    const bool has_kernel = std::find(trace.path.begin(), trace.path.end(), index) != trace.path.end();
    const std::optional<double> slope = slope_decades(layer, has_kernel);
    const bool only_slope = slope && !layer.slope_decades;
    if (between && !only_slope) add_gain(layer, has_kernel, gains);
    between = (between || first) && !last;
    if (between && slope) add_slope(layer, *slope, slopes);
    if (last) break;
  }
  constexpr double kNegligible = 0.005;
  std::vector<Finding::Cause> causes;
  for (const auto& [activation, sum] : slopes)
    causes.push_back({activation + "'s slope", sum.decades, slope_text(sum)});
  for (const auto& [what, sum] : gains) {
    const bool weights = what == "the weights";
    if (!weights && std::abs(sum.decades) < kNegligible) continue;
    causes.push_back({what + (weights ? "' gain" : "'s gain"), sum.decades, gain_text(sum)});
  }
  std::stable_sort(causes.begin(), causes.end(), [](const Finding::Cause& a, const Finding::Cause& b) {
    return std::abs(a.decades) > std::abs(b.decades);
  });
  return causes;
}

double signal_left(const Trace& trace) {
  if (trace.path.empty()) return 1;
  for (std::size_t i = trace.chain.size(); i-- > 1;) {
    if (trace.chain[i] != trace.path.back()) continue;
    return trace.layers[trace.chain[i - 1]].variance_fraction.value_or(1);
  }
  return 1;
}

std::vector<Finding::Number> evidence(const Trace& trace, const Profile& profile, const Updates& updates) {
  std::vector<Finding::Number> numbers = {
      {"total_decades", profile.total, "decades"},
      {"decades_per_layer", profile.per_layer, "decades"},
      {"healthy_up_to", profile.allowed, "decades"},
      {"layers", static_cast<double>(profile.points.size()), "layers"},
      {"first_norm", profile.points.front().decades + profile.last_norm, "log10"},
      {"last_norm", profile.last_norm, "log10"},
  };
  if (trace.predicted_decades) numbers.push_back({"predicted_decades", *trace.predicted_decades, "decades"});
  if (updates.known) {
    numbers.push_back({"starved_layers", static_cast<double>(updates.starved.size()), "layers"});
    numbers.push_back({"smallest_update_ratio", updates.smallest, "of the weights per step"});
    numbers.push_back({"largest_update_ratio", updates.largest, "of the weights per step"});
    if (trace.adaptive) numbers.push_back({"layers_near_epsilon", static_cast<double>(updates.near_epsilon), "layers"});
  }
  numbers.push_back({"signal_left", signal_left(trace), "fraction"});
  if (trace.dead_redraws > 0) numbers.push_back({"dead_redraws", static_cast<double>(trace.dead_redraws), "draws"});
  return numbers;
}

std::vector<std::string> names(const Trace& trace, const std::vector<std::size_t>& layers) {
  std::vector<std::string> result;
  for (const std::size_t layer : layers) result.push_back(trace.layers[layer].name);
  return result;
}

std::string optimizer_name(const Trace& trace) {
  return trace.optimizer.empty() ? "the optimizer" : trace.optimizer;
}

}  // namespace evenflow
