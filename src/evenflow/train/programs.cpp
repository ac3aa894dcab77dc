#include "evenflow/train/programs.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "evenflow/base/text.h"
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

StepProgram::StepProgram(const Model& model, TrainingState& state, const BatchShapes& shapes, bool statistics,
                         std::uint64_t seed)
    : state_(state) {
  TrainingStep step =
      build_training_step(model, {.batch = shapes.batch,
                                  .samples = shapes.samples,
                                  .loss = loss_options(shapes),
                                  .statistics = statistics ? StatisticsLevel::norms : StatisticsLevel::off});
  for (const TrainingStep::Slot& slot : step.slots) {
    if (state.slots.find(slot.name) == nullptr) state.slots.set(slot.name, Tensor(slot.shape, slot.initial));
  }
  program_ = Program::compile(std::move(step.graph), parameters_of(state));
  program_.state().seed = seed;
  memory_ = memory_of(program_, shapes);
  loss_ = program_.output("loss").f32();
  metrics_ = metric_outputs(program_, model);
  if (program_.has_output("clip_scale")) clip_scale_ = program_.output("clip_scale").f32();
  for (const ParameterInfo& parameter : step.parameters) {
    const std::string output = "update/" + parameter.name;
    if (!program_.has_output(output)) continue;
    names_.push_back(parameter.name);
    statistics_.push_back(program_.output(output).f64());
    elements_.push_back(static_cast<double>(parameter.shape.count()));
  }
  reports_.resize(names_.size());
  for (std::size_t i = 0; i < names_.size(); ++i) reports_[i].name = names_[i];
}

void StepProgram::run(double learning_rate) {
  program_.state().step = state_.iterations;
  program_.state().learning_rate = learning_rate;
  program_.run();
  ++state_.iterations;
  report();
}

void StepProgram::report() {
  for (std::size_t i = 0; i < reports_.size(); ++i) {
    UpdateStatistics s;
    static_assert(sizeof s == kUpdateStatistics * sizeof(double));
    std::copy_n(statistics_[i], kUpdateStatistics, &s.gradient_sum);
    ParameterReport& r = reports_[i];
    r.gradient_norm = std::sqrt(s.gradient_squares);
    r.gradient_maximum = s.gradient_maximum;
    r.gradient_mean = s.gradient_sum / elements_[i];
    r.zero_fraction = s.gradient_zeros / elements_[i];
    r.non_finite = s.gradient_non_finite;
    r.weight_norm = std::sqrt(s.weight_squares);
    r.update_norm = std::sqrt(s.update_squares);
    r.update_ratio = r.update_norm / r.weight_norm;
  }
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
