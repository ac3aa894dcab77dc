#include "evenflow/health/probe_program.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/health.h"

namespace evenflow {
namespace {

// Positions in the results of the tap operators.
constexpr std::size_t kCount = 0;
constexpr std::size_t kSumOfSquares = 2;
constexpr std::size_t kNonFinite = 5;
static_assert(kernels::kMomentsSize == 6);

// A root mean square between 2^-20 and 2^20 is left alone; below 2^-110 too much of a tensor has underflowed for its
// size to be believed. One power of two must itself be a float32.
constexpr double kComfortable = 20;
constexpr double kBelievable = -110;
constexpr double kLargestExponent = 120;

std::string factor_name(std::size_t layer) {
  return fmt::format("/gradient_scale/{}", layer);
}  // no layer's name is empty

// log2 of the root mean square; NaN where there is no finite one.
double log2_rms(const double* moments) {
  if (moments == nullptr || moments[kNonFinite] > 0 || !(moments[kSumOfSquares] > 0)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return 0.5 * std::log2(moments[kSumOfSquares] / moments[kCount]);
}

Clipping clipping_of(const std::optional<Item>& optimizer) {
  return optimizer ? clipping(*optimizer) : Clipping{};
}

// The outputs that a loss depends on (all of a model that is not compiled), before a last softmax or sigmoid; several
// side by side as one row per sample.
ValueId judged_outputs(Lowered& lowered, const Model& model) {
  Graph& graph = lowered.graph;
  std::vector<ValueId> outputs;
  for (std::size_t i = 0; i < lowered.outputs.size(); ++i) {
    if (model.compile && model.compile->has_loss()) {
      const OutputSettings settings = model.compile->of_output(i);
      if (settings.loss.type.empty() || settings.weight == 0) continue;
    }
    const Lowered::Output& output = lowered.outputs[i];
    outputs.push_back(output.logits ? output.logits : output.value);
  }
  if (outputs.empty()) outputs.push_back(lowered.outputs.front().value);
  if (outputs.size() == 1) return outputs.front();
  for (ValueId& output : outputs) {
    const Shape shape = graph.shape(output);
    output = ops::reshape(graph, output, {shape[0], shape.count(1, shape.rank())});
  }
  return ops::concatenate(graph, outputs, 1);
}

}  // namespace

const ParameterInfo* kernel_of(const LoweredLayer& layer) {
  for (const ParameterInfo& parameter : layer.parameters) {
    if (parameter.variable == "kernel" || parameter.variable.ends_with("/kernel")) return &parameter;
  }
  return nullptr;
}

ProbeProgram::ProbeProgram(const Model& model, const Chain& chain, const Options& options)
    : chain_(chain),
      factors_(model.layers.size(), 1.0f),
      exponents_(model.layers.size(), 0),
      cumulative_(model.layers.size(), 0) {
  if (model.compile && !model.compile->optimizer.type.empty()) {
    const Item& given = model.compile->optimizer;
    optimizer_ = choose_optimizer(Json{{"class_name", given.type}, {"config", given.config}});
    steady_update_.emplace(*optimizer_);
  }
  Lowered lowered = build(model, options);
  for (const ParameterInfo& parameter : lowered.parameters) weights_.set(parameter.name, Tensor(parameter.shape));
  layers_ = std::move(lowered.layers);
  for (const LoweredLayer& layer : layers_) shapes_.push_back(lowered.graph.shape(layer.output));
  compile(std::move(lowered.graph));
  program_.state().seed = options.seed;
}

Lowered ProbeProgram::build(const Model& model, const Options& options) {
  const auto tap = [this](Graph& graph, std::size_t layer, ValueId output) {
    if (!chain_.cut[layer]) return output;
    return ops::gradient_scale(graph, output, graph.parameter(factor_name(layer), Shape{}));
  };
  Lowered lowered = lower(model, {.batch = options.batch, .training = true, .tap = tap});
  add_forward_taps(lowered);
  if (options.target) {
    const ValueId loss = add_loss(lowered, model, {.targets = {concatenate(Shape{options.batch}, *options.target)}});
    add_backward_taps(lowered, loss, {});
    return lowered;
  }
  const LoweredLayer& last = lowered.layers[options.at];
  const bool whole = last.name == model.outputs.front().layer;
  const ValueId output = whole ? judged_outputs(lowered, model) : last.output;
  add_backward_taps(lowered, output, lowered.graph.input(target_name(0), lowered.graph.shape(output)));
  return lowered;
}

void ProbeProgram::add_forward_taps(Lowered& lowered) {
  Graph& graph = lowered.graph;
  for (std::size_t i = 0; i < lowered.layers.size(); ++i) {
    const LoweredLayer& layer = lowered.layers[i];
    const Graph::Scope scope(graph, layer.name);
    graph.output(fmt::format("output/{}", i), ops::moments(graph, layer.output));
    graph.output(fmt::format("across/{}", i), ops::across_samples(graph, layer.output));
    if (!layer.has_slope()) continue;
    const ActivationFunction& f = *layer.activation.function;
    const ValueId z = layer.activation_input();
    graph.output(fmt::format("pre_activation/{}", i), ops::moments(graph, z));
    graph.output(fmt::format("activation/{}", i),
                 ops::activation_statistics(graph, z, layer.output, f.kernel, layer.activation.parameters,
                                            f.saturated_below, f.saturated_above));
  }
}

void ProbeProgram::add_backward_taps(Lowered& lowered, ValueId loss, ValueId cotangent) {
  Graph& graph = lowered.graph;
  const bool global = clipping_of(optimizer_).kind == Clipping::Kind::global_norm;
  std::vector<ValueId> wrt;
  std::vector<std::string> names;
  const auto want = [&](ValueId value, std::string name) {
    if (!value) return;
    wrt.push_back(value);
    names.push_back(std::move(name));
  };
  for (std::size_t i = 0; i < lowered.layers.size(); ++i) {
    const LoweredLayer& layer = lowered.layers[i];
    want(layer.output, fmt::format("output_gradient/{}", i));
    want(layer.activation_input(), fmt::format("pre_activation_gradient/{}", i));
    if (const ParameterInfo* kernel = kernel_of(layer)) {
      want(graph.parameter(kernel->name, kernel->shape), fmt::format("kernel_gradient/{}", i));
    }
    for (const ParameterInfo& parameter : layer.parameters) {
      if (!global || !parameter.trainable) continue;
      want(graph.parameter(parameter.name, parameter.shape), "parameter_gradient/" + parameter.name);
    }
  }
  const std::vector<ValueId> gradients = differentiate(graph, loss, wrt, cotangent);
  for (std::size_t i = 0; i < wrt.size(); ++i) {
    if (gradients[i]) graph.output(names[i], ops::moments(graph, gradients[i]));
  }

  kernel_factors_.resize(lowered.layers.size());
  if (!optimizer_) return;
  const Clipping clip = clipping_of(optimizer_);
  const double largest = clip.kind == Clipping::Kind::value ? clip.threshold : std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < wrt.size(); ++i) {
    if (!gradients[i] || !names[i].starts_with("kernel_gradient/")) continue;
    const auto layer = static_cast<std::size_t>(std::stoul(names[i].substr(names[i].find('/') + 1)));
    kernel_factors_[layer] = std::make_unique<GradientFactors>();
    const auto steady = [this, largest, factors = kernel_factors_[layer].get()](double g) {
      return (*steady_update_)(std::min(g * factors->unscale, largest) * factors->clip);
    };
    graph.output(fmt::format("update/{}", layer), ops::effective_update(graph, gradients[i], steady));
  }
}

void ProbeProgram::compile(Graph graph) {
  const auto memory = [this](std::string_view name, const Shape& shape) -> float* {
    for (std::size_t i = 0; i < factors_.size(); ++i) {
      if (name == factor_name(i)) return &factors_[i];
    }
    Tensor* tensor = weights_.find(name);
    return tensor != nullptr && tensor->shape() == shape ? tensor->data() : nullptr;
  };
  program_ = Program::compile(std::move(graph), {.parameter = memory});
  const Buffer x = program_.input("x");
  const Buffer y = program_.input("y");
  x_ = {x.f32(), x.count()};
  y_ = {y.f32(), y.count()};
  if (program_.has_output("loss")) loss_ = program_.output("loss").f32();
  bind_taps();
}

void ProbeProgram::bind_taps() {
  taps_.resize(layers_.size());
  const auto find = [this](const std::string& name) -> const double* {
    return program_.has_output(name) ? program_.output(name).f64() : nullptr;
  };
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Taps& taps = taps_[i];
    taps.output = find(fmt::format("output/{}", i));
    taps.across = find(fmt::format("across/{}", i));
    taps.pre_activation = find(fmt::format("pre_activation/{}", i));
    taps.activation = find(fmt::format("activation/{}", i));
    taps.output_gradient = find(fmt::format("output_gradient/{}", i));
    taps.pre_activation_gradient = find(fmt::format("pre_activation_gradient/{}", i));
    taps.kernel_gradient = find(fmt::format("kernel_gradient/{}", i));
    taps.update = find(fmt::format("update/{}", i));
    for (const ParameterInfo& parameter : layers_[i].parameters) {
      if (const double* moments = find("parameter_gradient/" + parameter.name))
        taps.parameter_gradients.push_back(moments);
    }
  }
}

void ProbeProgram::set_weights(const Weights& weights) {
  for (const auto& [name, own] : weights_.entries()) {
    const Tensor* given = weights.find(name);
    if (given == nullptr)
      fail(ErrorKind::input, "the weights of '{}' are missing; probe fresh draws of them instead", name);
    if (given->shape() != own.shape()) {
      fail(ErrorKind::shape, "'{}' has the shape {}, the model wants {}", name, to_string(given->shape()),
           to_string(own.shape()));
    }
    std::copy(given->values().begin(), given->values().end(), weights_.at(name).values().begin());
  }
}

int ProbeProgram::gradient_exponent(std::size_t layer) const {
  return cumulative_[layer] + exponents_[layer];
}

void ProbeProgram::apply_factors() {
  int cumulative = 0;
  for (std::size_t i = layers_.size(); i-- > 0;) {
    cumulative_[i] = cumulative;
    cumulative += exponents_[i];
    factors_[i] = std::exp2(static_cast<float>(exponents_[i]));
    if (kernel_factors_[i]) kernel_factors_[i]->unscale = std::exp2(-gradient_exponent(i));
  }
}

// Chooses the powers of two from the sizes just measured. False when they stay: all sizes are comfortable, or those
// that are not cannot be helped (a gradient that is exactly zero, or that one layer carries beyond float32).
bool ProbeProgram::plan_factors() {
  bool changed = false;
  double cumulative = 0;
  for (std::size_t i = layers_.size(); i-- > 0;) {
    if (!chain_.cut[i] || taps_[i].output_gradient == nullptr) continue;
    const double scaled = log2_rms(taps_[i].output_gradient);
    int exponent = 0;
    if (scaled > kBelievable) {
      const double size = scaled - cumulative_[i] + cumulative;
      const bool keep = std::abs(size + exponents_[i]) <= kComfortable;
      exponent =
          keep ? exponents_[i] : static_cast<int>(std::clamp(-std::round(size), -kLargestExponent, kLargestExponent));
    }
    changed = changed || exponent != exponents_[i];
    exponents_[i] = exponent;
    cumulative += exponent;
  }
  return changed;
}

std::optional<double> ProbeProgram::norm(const double* moments, int exponent) const {
  if (moments == nullptr || moments[kNonFinite] > 0) return {};
  if (moments[kSumOfSquares] == 0) return kZeroNorm;
  return 0.5 * std::log10(moments[kSumOfSquares]) - exponent * std::log10(2.0);
}

// The factors of clipping by norm follow from the true norms of the pass just run.
bool ProbeProgram::plan_clipping() {
  const Clipping clip = clipping_of(optimizer_);
  if (clip.kind != Clipping::Kind::norm && clip.kind != Clipping::Kind::global_norm) return false;
  const auto factor = [&](double log10_norm) { return std::min(1.0, clip.threshold / std::pow(10.0, log10_norm)); };
  double squares = 0;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    for (const double* moments : taps_[i].parameter_gradients) {
      if (const auto size = norm(moments, gradient_exponent(i))) squares += std::pow(10.0, 2 * *size);
    }
  }
  bool changed = false;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (!kernel_factors_[i]) continue;
    const std::optional<double> own = norm(taps_[i].kernel_gradient, gradient_exponent(i));
    const double next = clip.kind == Clipping::Kind::global_norm ? factor(0.5 * std::log10(squares))
                        : own                                    ? factor(*own)
                                                                 : 1.0;
    changed = changed || std::abs(next - kernel_factors_[i]->clip) > 1e-6 * next;
    kernel_factors_[i]->clip = next;
  }
  return changed;
}

std::vector<LayerMeasurement> ProbeProgram::run(std::uint64_t step) {
  program_.state().step = step;
  const int most = 4 + static_cast<int>(layers_.size());
  for (passes_ = 1;; ++passes_) {
    apply_factors();
    program_.run();
    if (passes_ == most) break;
    // The clipping factors are wanted from a pass whose gradients are all right.
    if (!plan_factors() && !plan_clipping()) break;
  }
  std::vector<LayerMeasurement> measurements;
  for (std::size_t i = 0; i < layers_.size(); ++i) measurements.push_back(measurement(i));
  return measurements;
}

LayerMeasurement ProbeProgram::measurement(std::size_t layer) const {
  const Taps& taps = taps_[layer];
  LayerMeasurement m;
  const double count = taps.output[kCount];
  const double samples = static_cast<double>(shapes_[layer][0]);
  m.forward_non_finite = taps.output[kNonFinite];
  if (m.forward_non_finite == 0 && count > 0) {
    m.second_moment = taps.output[kSumOfSquares] / count;
    if (*m.second_moment > 0) m.variance_fraction = std::min(1.0, taps.across[0] / *m.second_moment);
  }
  if (taps.activation != nullptr && taps.pre_activation[kNonFinite] == 0) {
    m.pre_activation_moment = taps.pre_activation[kSumOfSquares] / taps.pre_activation[kCount];
    m.mean_slope = taps.activation[0] / count;
    m.mean_square_slope = taps.activation[1] / count;
    const ActivationFunction& f = *layers_[layer].activation.function;
    if (std::isfinite(f.saturated_below) || std::isfinite(f.saturated_above)) m.saturated = taps.activation[2] / count;
    if (f.has_dead_zone) m.dead = taps.activation[3] / (count / samples);
  }
  m.backward_norm = norm(taps.output_gradient, cumulative_[layer]);
  m.pre_activation_norm = norm(taps.pre_activation_gradient, gradient_exponent(layer));
  m.weight_gradient_norm = norm(taps.kernel_gradient, gradient_exponent(layer));
  if (taps.update != nullptr && m.weight_gradient_norm) m.update_norm = std::sqrt(*taps.update);
  for (const double* moments : {taps.output_gradient, taps.pre_activation_gradient, taps.kernel_gradient}) {
    if (moments != nullptr) m.backward_non_finite += moments[kNonFinite];
  }
  return m;
}

}  // namespace evenflow
