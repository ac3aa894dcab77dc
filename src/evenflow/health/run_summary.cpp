#include "evenflow/health/run_summary.h"

#include <algorithm>
#include <cmath>

#include "evenflow/health/robust.h"

namespace evenflow {
namespace {

constexpr std::size_t kRecords = 20;

// Median of the last values that are finite; absent when there are none.
template <class Number>
std::optional<double> last_median(const RunTrace& run, const Number& number) {
  std::vector<double> values;
  for (std::size_t i = run.steps.size(); i-- > 0 && values.size() < kRecords;) {
    const double value = number(run.steps[i]);
    if (std::isfinite(value)) values.push_back(value);
  }
  return values.empty() ? std::nullopt : std::optional(median(std::move(values)));
}

std::optional<double> log10_of(const std::optional<double>& norm) {
  return norm ? std::optional(*norm > 0 ? std::log10(*norm) : kZeroNorm) : std::nullopt;
}

LayerTrace layer_of(const RunTrace& run, std::size_t l) {
  LayerTrace layer{.name = run.layers[l].name, .type = run.layers[l].type, .activation = run.layers[l].activation};
  const auto output = [&](std::optional<double> LayerStep::*number) {
    return last_median(run, [&](const RunStep& step) {
      return l < step.layers.size() ? (step.layers[l].*number).value_or(NAN) : double(NAN);
    });
  };
  layer.second_moment = output(&LayerStep::second_moment);
  layer.variance_fraction = output(&LayerStep::variance_fraction);
  layer.mean_slope = output(&LayerStep::mean_slope);
  layer.mean_square_slope = output(&LayerStep::mean_square_slope);
  layer.saturated = output(&LayerStep::saturated);
  layer.dead = output(&LayerStep::dead);
  layer.backward_norm = log10_of(output(&LayerStep::gradient_norm));
  return layer;
}

void add_kernel(const RunTrace& run, std::size_t p, LayerTrace& layer) {
  const auto known = [p](const RunStep& step) { return p < step.parameters.size(); };
  layer.weight_gradient_norm = log10_of(last_median(
      run, [&](const RunStep& step) { return known(step) ? step.parameters[p].gradient_norm : double(NAN); }));
  layer.update_ratio = last_median(run, [&](const RunStep& step) {
    return known(step) ? step.parameters[p].update_norm / step.parameters[p].weight_norm : double(NAN);
  });
}

}  // namespace

Trace recent(const RunTrace& run) {
  Trace trace{.model = run.model, .data = run.data, .loss = run.loss, .optimizer = run.optimizer};
  for (std::size_t l = 0; l < run.layers.size(); ++l) {
    LayerTrace layer = layer_of(run, l);
    const auto kernel = std::find_if(run.parameters.begin(), run.parameters.end(), [&](const RunParameter& one) {
      return one.layer == layer.name && one.name.ends_with("kernel");
    });
    if (kernel != run.parameters.end()) {
      add_kernel(run, static_cast<std::size_t>(kernel - run.parameters.begin()), layer);
      trace.path.push_back(l);
    }
    for (const RunParameter& parameter : run.parameters) {
      if (parameter.layer == layer.name) layer.parameters += parameter.elements;
    }
    trace.chain.push_back(l);
    trace.layers.push_back(std::move(layer));
  }
  return trace;
}

}  // namespace evenflow
