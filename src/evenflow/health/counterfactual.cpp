#include "evenflow/health/counterfactual.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/health/probe_program.h"
#include "evenflow/health/theory/mean_field.h"
#include "evenflow/health/zero.h"
#include "evenflow/model/lowering.h"

namespace evenflow {
namespace {

// The gain (fan-in times the mean square of a weight) at which mean-field theory lets the gradient keep its size over
// that many layers. Not the fixed point's: the length maps of gelu and silu have none that is stable (theory, 1.9).
double neutral_gain(const ActivationChoice& activation) {
  if (theory::homogeneous(activation)) return 1 / theory::mean_square_slope(activation, 1);
  constexpr int kLayers = 30;
  const auto grows = [&](double gain) {
    double q = gain;
    double decades = 0;
    for (int layer = 0; layer < kLayers; ++layer) {
      decades += std::log10(gain * theory::mean_square_slope(activation, q));
      q = std::max(gain * theory::mean_square(activation, q), 1e-30);
    }
    return decades > 0;
  };
  double low = -2;  // log10
  double high = 4;
  for (int i = 0; i < 20; ++i) {
    const double middle = (low + high) / 2;
    (grows(std::pow(10.0, middle)) ? high : low) = middle;
  }
  return std::pow(10.0, high);
}

// The layers of the chain from the first kernel to the one in front of the last.
std::vector<std::size_t> between(const Trace& trace) {
  const auto first = std::find(trace.chain.begin(), trace.chain.end(), trace.path.front());
  const auto last = std::find(trace.chain.begin(), trace.chain.end(), trace.path.back());
  return {first, last};
}

bool is_kernel(const Trace& trace, std::size_t layer) {
  return std::find(trace.path.begin(), trace.path.end(), layer) != trace.path.end();
}

void become_identity(Layer& layer) {
  layer.type = "Identity";
  layer.config = Json::object();
}

struct Factor {
  std::string_view name;
  std::string_view change;
  // Makes the factor harmless; returns whether there was anything to change. The trace is the original's.
  bool (*apply)(SavedModel& model, const Trace& trace);
};

bool linear_activations(SavedModel& saved, const Trace& trace) {
  bool changed = false;
  for (const std::size_t index : between(trace)) {
    const std::string& activation = trace.layers[index].activation;
    if (activation.empty() || activation == "linear") continue;
    Layer& layer = saved.model.layers[index];
    if (layer.config.contains("activation")) {
      layer.config["activation"] = "linear";
    } else if (!is_kernel(trace, index)) {
      become_identity(layer);
    } else {
      continue;
    }
    changed = true;
  }
  return changed;
}

// Is the layer a matrix product of its input? Mean-field gains say nothing about tables and recurrent cells.
bool is_plain(const Layer& layer, const Weights& weights) {
  return layer.type != "Embedding" && weights.find(layer.name + "/recurrent_kernel") == nullptr;
}

bool neutral_weights(SavedModel& saved, const Trace& trace) {
  const Lowered lowered = lower(saved.model, {});
  double wanted = 0;  // for the activation in front, which the gradient meets next
  std::map<std::pair<std::string_view, float>, double>
      gains;                      // a layer's activation is rarely the only one of its kind
  std::set<std::string> changed;  // kernels: one that is used twice is scaled once
  const auto meet = [&](const ActivationChoice& next) {
    if (next.function == nullptr || (wanted > 0 && next.name == "linear")) return;
    double& gain = gains[{next.name, next.parameters.values[0]}];
    if (gain == 0) gain = neutral_gain(next);
    wanted = gain;
  };
  for (const std::size_t index : trace.chain) {
    const LoweredLayer& layer = lowered.layers[index];
    const std::optional<double>& gain = trace.layers[index].weight_gain;
    if (is_kernel(trace, index)) {
      if (wanted == 0) meet(layer.activation);
      const std::string& name = kernel_of(layer)->name;
      if (wanted > 0 && gain && *gain > 0 && is_plain(saved.model.layers[index], saved.weights) &&
          changed.insert(name).second) {
        Tensor& kernel = saved.weights.at(name);
        const auto factor = static_cast<float>(std::sqrt(wanted / *gain));
        for (float& value : kernel.values()) value *= factor;
      }
      if (index == trace.path.back()) break;
      wanted = 0;
    }
    meet(layer.activation);
  }
  return !changed.empty();
}

bool no_normalization(SavedModel& saved, const Trace& trace) {
  bool changed = false;
  for (const std::size_t index : between(trace)) {
    if (!saved.model.layers[index].type.ends_with("Normalization")) continue;
    become_identity(saved.model.layers[index]);
    changed = true;
  }
  return changed;
}

// By the first kernel, which sees the inputs: the same as a division of the inputs, without a copy of the data.
bool unit_inputs(SavedModel& saved, const Trace& trace) {
  const auto first = std::find(trace.chain.begin(), trace.chain.end(), trace.path.front());
  if (first == trace.chain.begin() || !is_plain(saved.model.layers[*first], saved.weights)) return false;
  const std::optional<double>& moment = trace.layers[*(first - 1)].second_moment;
  constexpr double kUnit = 2;  // within this factor inputs count as unit
  if (!moment || *moment <= 0 || std::abs(std::log(*moment)) <= 2 * std::log(kUnit)) return false;
  const Lowered lowered = lower(saved.model, {});
  Tensor& kernel = saved.weights.at(kernel_of(lowered.layers[trace.path.front()])->name);
  const auto factor = static_cast<float>(1 / std::sqrt(*moment));
  for (float& value : kernel.values()) value *= factor;
  return true;
}

// In the order in which a combination applies them: the gain that fits depends on the activation.
constexpr Factor kFactors[] = {
    {"the activations", "linear instead", linear_activations},
    {"the weights' scale", "weights at the gain that keeps the gradient", neutral_weights},
    {"the normalization", "left out", no_normalization},
    {"the inputs' scale", "inputs divided by their root mean square", unit_inputs},
};

// Absent when the gradient could not be measured all the way.
std::optional<double> decades(const SavedModel& model, const ProbeOptions& options) {
  const Trace trace = probe(model, options);
  const auto unknown = [&](std::size_t layer) {
    const std::optional<double>& norm = trace.layers[layer].pre_activation_norm;
    return !norm || !std::isfinite(*norm) || *norm <= kExactlyZero;
  };
  if (std::any_of(trace.path.begin(), trace.path.end(), unknown)) return std::nullopt;
  return trace.total_decades.mean;
}

double factorial(std::size_t n) {
  return std::tgamma(static_cast<double>(n) + 1);
}

// Of factor i, from the values of all combinations (a bit for each factor that was changed): what it adds by being as
// it is, averaged over the orders in which the factors may be changed.
double share(const std::vector<double>& values, std::size_t i, std::size_t factors) {
  double sum = 0;
  for (std::size_t set = 0; set < values.size(); ++set) {
    if (set >> i & 1) continue;
    const auto size = static_cast<std::size_t>(std::popcount(set));
    const double weight = factorial(size) * factorial(factors - size - 1) / factorial(factors);
    sum += weight * (values[set] - values[set | std::size_t{1} << i]);
  }
  return sum;
}

}  // namespace

std::vector<Finding::Cause> counterfactual(const SavedModel& saved, const ProbeOptions& options, const Trace& trace) {
  if (trace.path.size() < 2) return {};
  SavedModel original;
  original.model = flattened(saved.model);
  original.weights = saved.weights;
  if (options.redraws > 0) original.weights = initialize(original.model, options.seed);
  ProbeOptions once = options;
  once.batches = 1;
  once.redraws = 0;
  const Trace start = probe(original, once);

  std::vector<const Factor*> factors;
  for (const Factor& factor : kFactors) {
    SavedModel copy = original;
    if (factor.apply(copy, start)) factors.push_back(&factor);
  }
  if (factors.empty()) return {};

  std::vector<double> values;
  for (std::size_t set = 0; set < std::size_t{1} << factors.size(); ++set) {
    SavedModel copy = original;
    for (std::size_t i = 0; i < factors.size(); ++i) {
      if (set >> i & 1) factors[i]->apply(copy, start);
    }
    const std::optional<double> value = decades(copy, once);
    if (!value) return {};
    values.push_back(*value);
  }

  std::vector<Finding::Cause> causes;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    causes.push_back(
        {std::string(factors[i]->name), share(values, i, factors.size()), std::string(factors[i]->change)});
  }
  causes.push_back({"what is left", values.back(), "with all of these changed: shapes, connections, chance"});
  std::stable_sort(causes.begin(), causes.end(), [](const Finding::Cause& a, const Finding::Cause& b) {
    return std::abs(a.decades) > std::abs(b.decades);
  });
  return causes;
}

void add_counterfactuals(const SavedModel& model, const ProbeOptions& options, const Trace& trace,
                         std::vector<Finding>& findings) {
  std::optional<std::vector<Finding::Cause>> causes;
  for (Finding& finding : findings) {
    if (finding.rule != "vanishing-gradient" && finding.rule != "exploding-gradient") continue;
    if (!causes) causes = counterfactual(model, options, trace);
    finding.experiment = *causes;
  }
}

}  // namespace evenflow
