#include "evenflow/train/programs.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/layer_statistics.h"
#include "evenflow/graph/update_rule.h"
#include "evenflow/model/lowering.h"

namespace evenflow {
namespace {

CompileOptions parameters_of(TrainingState& state) {
  return {.parameter = [&state](std::string_view name, const Shape& shape) { return state.find(name, shape); }};
}

LossOptions loss_options(const BatchShapes& shapes) {
  LossOptions options{.targets = {}, .sample_weights = shapes.sample_weights};
  for (const Shape& target : shapes.targets) options.targets.push_back(concatenate(Shape{shapes.batch}, target));
  return options;
}

BatchMemory memory_of(const Program& program, const BatchShapes& shapes) {
  BatchMemory memory;
  for (std::size_t i = 0; i < shapes.samples.size(); ++i) memory.x.push_back(program.input(input_name(i)).f32());
  for (std::size_t i = 0; i < shapes.targets.size(); ++i) {
    memory.y.push_back(program.input(target_name(i)).f32());
    if (shapes.sample_weights) memory.weights.push_back(program.input(sample_weight_name(i)).f32());
  }
  return memory;
}

std::vector<const float*> metric_outputs(const Program& program, const Model& model) {
  std::vector<const float*> outputs;
  for (const LoggedValue& value : logged_values(model)) {
    outputs.push_back(program.output("metric/" + value.name).f32());
  }
  return outputs;
}

}  // namespace

float* TrainingState::find(std::string_view name, const Shape& shape) {
  Tensor* tensor = weights.find(name);
  if (tensor == nullptr) tensor = slots.find(name);
  if (tensor == nullptr) return nullptr;
  if (tensor->shape() != shape) {
    fail(ErrorKind::shape, "parameter '{}' has the shape {}, the model wants {}", name, to_string(tensor->shape()),
         to_string(shape));
  }
  return tensor->data();
}

StepProgram::StepProgram(const Model& model, TrainingState& state, const BatchShapes& shapes,
                         StatisticsLevel statistics, std::uint64_t seed)
    : state_(state) {
  TrainingStep step = build_training_step(
      model,
      {.batch = shapes.batch, .samples = shapes.samples, .loss = loss_options(shapes), .statistics = statistics});
  for (const TrainingStep::Slot& slot : step.slots) {
    if (state.slots.find(slot.name) == nullptr) state.slots.set(slot.name, Tensor(slot.shape, slot.initial));
  }
  program_ = Program::compile(std::move(step.graph), parameters_of(state));
  program_.state().seed = seed;
  memory_ = memory_of(program_, shapes);
  loss_ = program_.output("loss").f32();
  metrics_ = metric_outputs(program_, model);
  if (program_.has_output("clip_scale")) clip_scale_ = program_.output("clip_scale").f32();
  bind_taps(step);
}

void StepProgram::bind_taps(const TrainingStep& step) {
  const auto numbers = [this](const std::string& name) -> std::span<const double> {
    if (!program_.has_output(name)) return {};
    const Buffer buffer = program_.output(name);
    return {buffer.f64(), buffer.count()};
  };
  for (const ParameterInfo& parameter : step.parameters) {
    const double* const update = numbers("update/" + parameter.name).data();
    if (update == nullptr) continue;
    const std::string own_scale = "clip_scale/" + parameter.name;
    taps_.push_back({.name = parameter.name,
                     .elements = static_cast<double>(parameter.shape.count()),
                     .update = update,
                     .exponents = numbers("exponents/" + parameter.name),
                     .clipped_squares = numbers("clipped_squares/" + parameter.name).data(),
                     .clip_scale = program_.has_output(own_scale) ? program_.output(own_scale).f32() : clip_scale_});
  }
  for (const TrainingStep::MeasuredLayer& layer : step.layers) {
    layer_taps_.push_back({.name = layer.name,
                           .units = layer.units,
                           .has_slope = layer.has_slope,
                           .output = numbers("layer/" + layer.name).data(),
                           .gradient = numbers("layer_gradient/" + layer.name).data(),
                           .time_gradients = layer.state.empty() ? std::span<const double>{} : numbers(layer.state)});
  }
  reports_.resize(taps_.size());
  layer_reports_.resize(layer_taps_.size());
}

void StepProgram::run(double learning_rate) {
  program_.state().step = state_.iterations;
  program_.state().learning_rate = learning_rate;
  program_.run();
  ++state_.iterations;
  for (std::size_t i = 0; i < taps_.size(); ++i) reports_[i] = report(taps_[i]);
  for (std::size_t i = 0; i < layer_taps_.size(); ++i) layer_reports_[i] = report(layer_taps_[i]);
}

ParameterReport StepProgram::report(const ParameterTaps& taps) {
  UpdateStatistics s;
  static_assert(sizeof s == kUpdateStatistics * sizeof(double));
  std::copy_n(taps.update, kUpdateStatistics, &s.gradient_sum);
  ParameterReport r{.name = taps.name,
                    .gradient_norm = std::sqrt(s.gradient_squares),
                    .gradient_maximum = s.gradient_maximum,
                    .gradient_mean = s.gradient_sum / taps.elements,
                    .zero_fraction = s.gradient_zeros / taps.elements,
                    .non_finite = s.gradient_non_finite,
                    .weight_norm = std::sqrt(s.weight_squares),
                    .update_norm = std::sqrt(s.update_squares),
                    .exponents = taps.exponents};
  if (taps.clipped_squares != nullptr) {
    r.clipped_norm = std::sqrt(*taps.clipped_squares);
  } else {
    r.clipped_norm = r.gradient_norm * (taps.clip_scale == nullptr ? 1.0 : static_cast<double>(*taps.clip_scale));
  }
  r.update_ratio = r.update_norm / r.weight_norm;
  return r;
}

LayerReport StepProgram::report(const LayerTaps& taps) {
  ops::LayerStatistics s;
  static_assert(sizeof s == ops::kLayerStatisticsSize * sizeof(double));
  std::copy_n(taps.output, ops::kLayerStatisticsSize, &s.count);
  LayerReport r{.name = taps.name, .non_finite = s.non_finite, .time_gradient_norms = taps.time_gradients};
  r.second_moment = s.squares / std::max(1.0, s.count - s.non_finite);
  r.variance_fraction = r.second_moment > 0 ? std::min(1.0, s.variance / r.second_moment) : LayerReport::kNone;
  r.cosine = s.cosine;
  if (taps.has_slope) {
    r.mean_slope = s.slope_sum / s.count;
    r.mean_square_slope = s.slope_squares / s.count;
    r.saturated = s.saturated / s.count;
    r.dead = s.dead_units / taps.units;
  }
  if (taps.gradient != nullptr) {
    constexpr std::size_t kSumOfSquares = 2;
    constexpr std::size_t kNonFinite = 5;
    r.gradient_norm = std::sqrt(taps.gradient[kSumOfSquares]);
    r.non_finite += taps.gradient[kNonFinite];
  }
  return r;
}

double StepProgram::global_norm() const {
  if (reports_.empty()) return std::numeric_limits<double>::quiet_NaN();
  double squares = 0;
  for (const ParameterReport& r : reports_) {
    if (r.non_finite > 0) return std::numeric_limits<double>::quiet_NaN();
    squares += r.gradient_norm * r.gradient_norm;
  }
  return std::sqrt(squares);
}

double StepProgram::clip_factor() const {
  if (clip_scale_ != nullptr) return static_cast<double>(*clip_scale_);
  const double norm = global_norm();
  if (norm == 0) return 1;
  double squares = 0;
  for (const ParameterReport& r : reports_) squares += r.clipped_norm * r.clipped_norm;
  return std::sqrt(squares) / norm;
}

ForwardProgram::ForwardProgram(const Model& model, TrainingState& state, const BatchShapes& shapes) {
  Lowered lowered = lower(model, {.batch = shapes.batch, .training = false, .samples = shapes.samples});
  const bool judged = !shapes.targets.empty();
  if (judged) add_loss(lowered, model, loss_options(shapes));
  const std::size_t outputs = lowered.outputs.size();
  program_ = Program::compile(std::move(lowered.graph), parameters_of(state));
  memory_ = memory_of(program_, shapes);
  if (judged) {
    loss_ = program_.output("loss").f32();
    metrics_ = metric_outputs(program_, model);
  }
  for (std::size_t i = 0; i < outputs; ++i) {
    const Buffer prediction = program_.output(output_name(i));
    predictions_.emplace_back(prediction.f32(), prediction.count());
  }
}

}  // namespace evenflow
