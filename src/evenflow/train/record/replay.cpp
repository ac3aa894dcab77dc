#include "evenflow/train/record/replay.h"

#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/model/lowering.h"
#include "evenflow/train/programs.h"
#include "evenflow/train/samples.h"

namespace evenflow {
namespace {

double element_of(const Buffer& buffer, std::size_t index) {
  return buffer.type.dtype == DType::float64 ? buffer.f64()[index] : static_cast<double>(buffer.f32()[index]);
}

ReplayedValue describe(std::string what, const Buffer& buffer) {
  ReplayedValue value{.what = std::move(what), .shape = to_string(buffer.type.shape)};
  for (std::size_t i = 0; i < buffer.count(); ++i) {
    const double element = element_of(buffer, i);
    if (std::isfinite(element)) {
      value.largest = std::max(value.largest, std::abs(element));
    } else {
      ++value.non_finite;
    }
  }
  return value;
}

std::vector<std::int64_t> position(std::size_t element, const Shape& shape) {
  std::vector<std::int64_t> index(static_cast<std::size_t>(shape.rank()));
  auto left = static_cast<std::int64_t>(element);
  for (int axis = shape.rank(); axis-- > 0; left /= shape[axis])
    index[static_cast<std::size_t>(axis)] = left % shape[axis];
  return index;
}

std::string name_of(ValueId id) {
  return fmt::format("%{}", id.index);
}

// The step as a program in which every value has memory of its own and a name.
class CheckedStep {
 public:
  CheckedStep(const Model& model, const Flight& flight)
      : state_{.weights = flight.weights, .slots = flight.slots, .iterations = flight.iteration - 1} {
    const Samples samples{.x = flight.x, .y = flight.y, .weights = flight.sample_weight};
    const BatchShapes shapes = samples.shapes(samples.count());
    LossOptions loss{.targets = {}, .sample_weights = shapes.sample_weights};
    for (const Tensor& y : flight.y) loss.targets.push_back(y.shape());
    TrainingStep step = build_training_step(
        model, {.batch = shapes.batch, .samples = shapes.samples, .loss = loss, .statistics = StatisticsLevel::norms});
    for (const TrainingStep::Slot& slot : step.slots) {
      if (state_.slots.find(slot.name) == nullptr) state_.slots.set(slot.name, Tensor(slot.shape, slot.initial));
    }
    for (const auto& [name, id] : step.graph.outputs()) {
      if (name == "loss") loss_ = id;
    }
    nodes_.assign(step.graph.nodes().begin(), step.graph.nodes().end());
    values_.assign(step.graph.values().begin(), step.graph.values().end());
    for (const Node& node : nodes_) {
      for (const ValueId id : node.outputs) step.graph.output(name_of(id), id);
    }
    const auto memory = [this](std::string_view name, const Shape& shape) { return state_.find(name, shape); };
    program_ = Program::compile(std::move(step.graph), {.parameter = memory, .fuse = false, .reuse_memory = false});
    program_.state() = {.seed = flight.seed, .step = state_.iterations, .learning_rate = flight.learning_rate};
    copy(flight.x, input_name);
    copy(flight.y, target_name);
    copy(flight.sample_weight, sample_weight_name);
  }

  Replay run(const Flight& flight) {
    program_.run();
    Replay result{.loss = static_cast<double>(*program_.output("loss").f32()), .bad_before = {}, .first = {}};
    result.operators = nodes_.size();
    const auto check = [&](const std::string& what, const Tensor& tensor) {
      for (const float v : tensor.values()) {
        if (!std::isfinite(v)) return result.bad_before.push_back(what);
      }
    };
    for (const auto& [name, tensor] : flight.weights.entries()) check("the weights '" + name + "'", tensor);
    for (const auto& [name, tensor] : flight.slots.entries()) check("the optimizer's '" + name + "'", tensor);
    for (const Tensor& x : flight.x) check("the batch's inputs", x);
    for (const Tensor& y : flight.y) check("the batch's targets", y);

    bool after_loss = false;
    for (const Node& node : nodes_) {
      for (const ValueId id : node.outputs) {
        if (auto culprit = examine(node, id)) {
          culprit->backward = after_loss;
          result.first = std::move(culprit);
          return result;
        }
        after_loss = after_loss || id == loss_;
      }
    }
    return result;
  }

 private:
  void copy(const std::vector<Tensor>& tensors, std::string (*name)(std::size_t)) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      std::copy(tensors[i].values().begin(), tensors[i].values().end(), program_.input(name(i)).f32());
    }
  }

  std::optional<Replay::Culprit> examine(const Node& node, ValueId id) const {
    const Buffer output = program_.output(name_of(id));
    std::size_t bad = 0;
    while (bad < output.count() && std::isfinite(element_of(output, bad))) ++bad;
    if (bad == output.count()) return std::nullopt;
    Replay::Culprit culprit{.layer = node.scope,
                            .operation = std::string(node.op->name()),
                            .element = position(bad, output.type.shape),
                            .value = element_of(output, bad),
                            .inputs = {},
                            .output = describe("output", output)};
    for (std::size_t i = 0; i < node.inputs.size(); ++i) culprit.inputs.push_back(input(node, i));
    return culprit;
  }

  // Parameters are as they are after the step: they are told from the state before it by the caller's flight.
  ReplayedValue input(const Node& node, std::size_t index) const {
    const ValueId id = node.inputs[index];
    const Value& value = values_[static_cast<std::size_t>(id.index)];
    const std::string what = value.name.empty() ? fmt::format("input {}", index) : value.name;
    if (value.role == Value::Role::computed) return describe(what, program_.output(name_of(id)));
    if (value.role == Value::Role::input) return describe(what, program_.input(value.name));
    return {.what = what, .shape = to_string(value.type.shape)};
  }

  TrainingState state_;
  std::vector<Node> nodes_;
  std::vector<Value> values_;
  ValueId loss_;
  Program program_;
};

}  // namespace

Replay replay(const Model& model, const Flight& flight) {
  Replay result = CheckedStep(model, flight).run(flight);
  if (!result.first) return result;
  for (ReplayedValue& input : result.first->inputs) {
    const Tensor* tensor = flight.weights.find(input.what);
    if (tensor == nullptr) tensor = flight.slots.find(input.what);
    if (tensor == nullptr) continue;
    Tensor copy = *tensor;
    input = describe(input.what, {.type = {.shape = copy.shape()}, .data = copy.data()});
  }
  return result;
}

}  // namespace evenflow
