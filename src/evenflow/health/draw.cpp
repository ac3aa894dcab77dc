#include "evenflow/health/draw.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "evenflow/base/text.h"
#include "evenflow/health/zero.h"
#include "evenflow/model/initializer_type.h"

namespace evenflow {

namespace {

using Field = std::optional<double> LayerMeasurement::*;

std::optional<double> mean_of(std::span<const LayerMeasurement> batches, Field field) {
  double sum = 0;
  int count = 0;
  for (const LayerMeasurement& batch : batches) {
    if (!(batch.*field)) continue;
    sum += *(batch.*field);
    ++count;
  }
  return count == 0 ? std::nullopt : std::optional(sum / count);
}

// Root mean square of norms given as log10, whatever their size.
std::optional<double> rms_of(std::span<const LayerMeasurement> batches, Field field) {
  double largest = kZeroNorm;
  int count = 0;
  for (const LayerMeasurement& batch : batches) {
    if (!(batch.*field)) continue;
    largest = std::max(largest, *(batch.*field));
    ++count;
  }
  if (count == 0) return std::nullopt;
  if (largest <= kZeroNorm) return kZeroNorm;
  double squares = 0;
  for (const LayerMeasurement& batch : batches) {
    if (batch.*field) squares += std::pow(10.0, 2 * (*(batch.*field) - largest));
  }
  return largest + 0.5 * std::log10(squares / count);
}

// log10 of a tensor's norm.
std::optional<double> norm_of(const Tensor& tensor) {
  double squares = 0;
  for (const float value : tensor.values()) squares += static_cast<double>(value) * static_cast<double>(value);
  if (!std::isfinite(squares)) return std::nullopt;
  return squares == 0 ? kZeroNorm : 0.5 * std::log10(squares);
}

// Keras 2 writes glorot_uniform and its like as VarianceScaling with these numbers.
std::string scaling_name(const Json& config) {
  const double scale = config.value("scale", 0.0);
  const std::string mode = config.value("mode", "");
  const std::string family = mode == "fan_avg" && scale == 1  ? "glorot"
                             : mode == "fan_in" && scale == 2 ? "he"
                             : mode == "fan_in" && scale == 1 ? "lecun"
                                                              : "";
  if (family.empty()) return "variance_scaling";
  return family + (config.value("distribution", "") == "uniform" ? "_uniform" : "_normal");
}

std::string initializer_name(const ParameterInfo& kernel) {
  if (kernel.initializer.type == "VarianceScaling") return scaling_name(kernel.initializer.config);
  const std::vector<std::string> names = split(initializer_type(kernel.initializer.type).alias, ' ');
  return names.empty() || names.front().empty() ? kernel.initializer.type : names.front();
}

LayerTrace describe(const LoweredLayer& layer, const Shape& output) {
  LayerTrace trace{.name = layer.name, .type = layer.type, .activation = std::string(layer.activation.name)};
  trace.units = output.count(1, output.rank());
  trace.trainable = layer.parameters.empty();
  for (const ParameterInfo& parameter : layer.parameters) {
    trace.parameters += parameter.shape.count();
    trace.trainable = trace.trainable || parameter.trainable;
  }
  if (const ParameterInfo* kernel = kernel_of(layer)) trace.initializer = initializer_name(*kernel);
  return trace;
}

LayerTrace layer_trace(const LoweredLayer& layer, const Shape& output, std::span<const LayerMeasurement> batches,
                       const Weights& weights) {
  LayerTrace trace = describe(layer, output);
  trace.second_moment = mean_of(batches, &LayerMeasurement::second_moment);
  trace.variance_fraction = mean_of(batches, &LayerMeasurement::variance_fraction);
  trace.mean_slope = mean_of(batches, &LayerMeasurement::mean_slope);
  trace.mean_square_slope = mean_of(batches, &LayerMeasurement::mean_square_slope);
  trace.saturated = mean_of(batches, &LayerMeasurement::saturated);
  trace.dead = mean_of(batches, &LayerMeasurement::dead);
  trace.backward_norm = rms_of(batches, &LayerMeasurement::backward_norm);
  trace.pre_activation_norm = rms_of(batches, &LayerMeasurement::pre_activation_norm);
  trace.weight_gradient_norm = rms_of(batches, &LayerMeasurement::weight_gradient_norm);
  for (const LayerMeasurement& batch : batches)
    trace.non_finite += batch.forward_non_finite + batch.backward_non_finite;
  const ParameterInfo* kernel = kernel_of(layer);
  if (kernel == nullptr) return trace;
  if (trace.weight_gradient_norm && *trace.weight_gradient_norm > kZeroNorm) {
    trace.weight_gradient_rms =
        *trace.weight_gradient_norm - 0.5 * std::log10(static_cast<double>(kernel->shape.count()));
  } else {
    trace.weight_gradient_rms = trace.weight_gradient_norm;
  }
  trace.weight_norm = norm_of(weights.at(kernel->name));
  double squares = 0;
  bool updated = false;
  for (const LayerMeasurement& batch : batches) {
    if (!batch.update_norm) continue;
    squares += *batch.update_norm * *batch.update_norm;
    updated = true;
  }
  if (updated && kernel->trainable && trace.weight_norm && *trace.weight_norm > kZeroNorm) {
    trace.update_ratio = std::sqrt(squares / static_cast<double>(batches.size())) / std::pow(10.0, *trace.weight_norm);
  }
  return trace;
}

// The chain-rule ledger: what each layer of the chain does to the gradient's size on its way back.
void add_ledger(const Chain& chain, std::vector<LayerTrace>& layers) {
  for (std::size_t i = 1; i < chain.layers.size(); ++i) {
    LayerTrace& layer = layers[chain.layers[i]];
    const std::optional<double>& behind =
        layers[chain.layers[i - 1]].backward_norm;  // the gradient of the layer's input
    const std::optional<double>& inside = layer.pre_activation_norm;
    if (inside && layer.backward_norm) layer.slope_decades = *inside - *layer.backward_norm;
    if (inside && behind) layer.weight_decades = *behind - *inside;
    if (!inside && layer.backward_norm && behind) layer.weight_decades = *behind - *layer.backward_norm;
  }
}

// Decades between the ends of the path, and the least-squares slope toward the input.
void add_flow(const Chain& chain, Draw& draw) {
  std::vector<double> norms;  // first to last
  for (const std::size_t layer : chain.path) {
    if (const auto& norm = draw.layers[layer].pre_activation_norm) norms.push_back(*norm);
  }
  if (norms.size() < 2) return;
  draw.measured = true;
  draw.total = norms.front() - norms.back();
  draw.dead = norms.front() <= kExactlyZero && norms.back() > kExactlyZero;
  const auto count = static_cast<double>(norms.size());
  const double middle = (count - 1) / 2;
  double products = 0;
  double squares = 0;
  for (std::size_t i = 0; i < norms.size(); ++i) {
    const double position = middle - static_cast<double>(i);  // grows toward the input
    products += position * norms[i];
    squares += position * position;
  }
  draw.per_layer = products / squares;
}

}  // namespace

Prober::Prober(const Model& model, const Chain& chain, const Batches& batches, std::uint64_t seed)
    : model_(model),
      chain_(chain),
      batches_(batches),
      seed_(seed),
      whole_(program(batches.target(), chain.layers.back())) {}

std::unique_ptr<ProbeProgram> Prober::program(const std::optional<Shape>& target, std::size_t at) const {
  return std::make_unique<ProbeProgram>(
      model_, chain_, ProbeProgram::Options{.batch = batches_.size(), .target = target, .at = at, .seed = seed_});
}

ProbeProgram& Prober::ending_at(std::size_t layer) {
  std::unique_ptr<ProbeProgram>& shorter = shorter_[layer];
  if (!shorter) shorter = program(std::nullopt, layer);
  return *shorter;
}

std::vector<LayerMeasurement> Prober::run(ProbeProgram& program, std::int64_t batch, std::uint64_t index,
                                          bool targets) const {
  batches_.fill_inputs(program.x(), batch, index);
  if (targets) {
    batches_.fill_targets(program.y(), batch);
  } else {
    batches_.fill_cotangent(program.y(), batch, index);
  }
  return program.run(static_cast<std::uint64_t>(batch));
}

// The last layer of the chain before the first whose output is not finite; nothing if all are finite or none is.
std::optional<std::size_t> Prober::before_overflow(const std::vector<LayerMeasurement>& measured) const {
  for (std::size_t i = 0; i < chain_.layers.size(); ++i) {
    if (measured[chain_.layers[i]].forward_non_finite == 0) continue;
    return i == 0 ? std::nullopt : std::optional(chain_.layers[i - 1]);
  }
  return std::nullopt;
}

Draw Prober::measure(const Weights& weights, std::uint64_t index) {
  whole_->set_weights(weights);
  Draw draw;
  std::vector<std::vector<LayerMeasurement>> by_layer(model_.layers.size());
  for (std::int64_t batch = 0; batch < batches_.count(); ++batch) {
    std::vector<LayerMeasurement> measured = run(*whole_, batch, index, batches_.target().has_value());
    draw.loss += whole_->loss() / static_cast<double>(batches_.count());
    if (const auto end = before_overflow(measured)) {
      ProbeProgram& shorter = ending_at(*end);
      shorter.set_weights(weights);
      measured = run(shorter, batch, index, false);
    }
    for (std::size_t i = 0; i < measured.size(); ++i) by_layer[i].push_back(measured[i]);
  }
  const std::vector<Shape>& shapes = whole_->output_shapes();
  for (std::size_t i = 0; i < by_layer.size(); ++i) {
    draw.layers.push_back(layer_trace(whole_->layers()[i], shapes[i], by_layer[i], weights));
    draw.pre_activation_moments.push_back(mean_of(by_layer[i], &LayerMeasurement::pre_activation_moment));
  }
  add_ledger(chain_, draw.layers);
  add_flow(chain_, draw);
  return draw;
}

}  // namespace evenflow
