#include "evenflow/graph.h"

#include <algorithm>
#include <utility>

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

std::string type_text(const ValueType& type) {
  return to_string(type.shape) + (type.dtype == DType::float64 ? " float64" : "");
}

std::vector<ValueType> types_of(const Graph& graph, std::span<const ValueId> ids) {
  std::vector<ValueType> types;
  types.reserve(ids.size());
  for (const ValueId id : ids) types.push_back(graph.value(id).type);
  return types;
}

}  // namespace

std::size_t size_of(DType dtype) {
  return dtype == DType::float64 ? sizeof(double) : sizeof(float);
}

std::vector<ValueId> Operator::gradient(Graph&, const Node&, std::span<const ValueId>, std::span<const bool>) const {
  fail(ErrorKind::unsupported, "operator '{}' is not differentiable", name());
}

std::size_t Operator::scratch_bytes(std::span<const ValueType>, std::span<const ValueType>) const {
  return 0;
}

Operator::BlockKernel Operator::block_kernel(std::span<const ValueType>, const ValueType&) const {
  return {};
}

ValueId Graph::new_value(Value value) {
  values_.push_back(std::move(value));
  return ValueId{static_cast<int>(values_.size()) - 1};
}

ValueId Graph::input(std::string name, ValueType type) {
  for (const Value& value : values_) {
    if (value.role == Value::Role::input && value.name == name) {
      fail(ErrorKind::internal, "the graph has two inputs named '{}'", name);
    }
  }
  return new_value({.type = type, .role = Value::Role::input, .name = std::move(name)});
}

ValueId Graph::parameter(std::string name, Shape shape) {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const Value& value = values_[i];
    if (value.role != Value::Role::parameter || value.name != name) continue;
    if (value.type.shape != shape) {
      fail(ErrorKind::shape, "parameter '{}' is used with the shapes {} and {}", name, to_string(value.type.shape),
           to_string(shape));
    }
    return ValueId{static_cast<int>(i)};
  }
  return new_value({.type = {shape}, .role = Value::Role::parameter, .name = std::move(name)});
}

ValueId Graph::constant(Tensor value) {
  const Shape shape = value.shape();
  return new_value({.type = {shape}, .role = Value::Role::constant, .constant = std::move(value)});
}

std::vector<ValueId> Graph::add(std::shared_ptr<const Operator> op, std::vector<ValueId> inputs) {
  for (const ValueId id : inputs) {
    if (id.index < 0 || id.index >= static_cast<int>(values_.size())) {
      fail(ErrorKind::internal, "operator '{}' is given a value that the graph does not have", op->name());
    }
  }
  std::vector<ValueType> types;
  try {
    types = op->infer(types_of(*this, inputs));
  } catch (const Error& error) {
    if (scope_.empty()) throw;
    throw Error(error.kind(), fmt::format("layer '{}': {}", scope_, error.what()));
  }
  const int producer = static_cast<int>(nodes_.size());
  std::vector<ValueId> outputs;
  for (std::size_t i = 0; i < types.size(); ++i) {
    outputs.push_back(new_value({.type = types[i], .producer = producer, .output = static_cast<int>(i)}));
  }
  nodes_.push_back({std::move(op), std::move(inputs), outputs, scope_});
  return outputs;
}

void Graph::output(std::string name, ValueId value) {
  for (const auto& [existing, id] : outputs_) {
    if (existing == name) fail(ErrorKind::internal, "the graph has two outputs named '{}'", name);
  }
  outputs_.emplace_back(std::move(name), value);
}

Graph::Scope::Scope(Graph& graph, std::string name)
    : graph_(graph), previous_(std::exchange(graph.scope_, std::move(name))) {}

Graph::Scope::~Scope() {
  graph_.scope_ = std::move(previous_);
}

void Graph::verify() const {
  const auto value_exists = [&](ValueId id) { return id.index >= 0 && id.index < static_cast<int>(values_.size()); };
  std::vector<char> defined(values_.size(), 0);
  for (std::size_t i = 0; i < values_.size(); ++i) defined[i] = values_[i].role != Value::Role::computed;

  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    const Node& node = nodes_[n];
    const auto fault = [&](std::string_view what) {
      fail(ErrorKind::internal, "graph node {} ({}, layer '{}'): {}", n, node.op->name(), node.scope, what);
    };
    for (const ValueId id : node.inputs) {
      if (!value_exists(id)) fault("an input does not exist");
      if (!defined[static_cast<std::size_t>(id.index)]) fault("an input is used before it is computed");
    }
    const std::vector<ValueType> types = node.op->infer(types_of(*this, node.inputs));
    if (types.size() != node.outputs.size()) fault("the number of outputs differs from the operator's");
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (!value_exists(node.outputs[i])) fault("an output does not exist");
      const Value& output = value(node.outputs[i]);
      if (!(output.type == types[i])) {
        fault(fmt::format("output {} is {} but the operator makes {}", i, type_text(output.type), type_text(types[i])));
      }
      if (output.producer != static_cast<int>(n)) fault("an output belongs to another node");
      if (std::exchange(defined[static_cast<std::size_t>(node.outputs[i].index)], 1))
        fault("an output is computed twice");
    }
    if (node.op->is_view() &&
        (node.outputs.size() != 1 || value(node.inputs[0]).type.bytes() != value(node.outputs[0]).type.bytes())) {
      fault("a view must have one output of its first input's size");
    }
    for (const int mutated : node.op->mutated_inputs()) {
      if (mutated < 0 || mutated >= static_cast<int>(node.inputs.size())) fault("a mutated input does not exist");
      if (value(node.inputs[static_cast<std::size_t>(mutated)]).role != Value::Role::parameter) {
        fault("only parameters may be mutated");
      }
    }
  }
  for (const auto& [name, id] : outputs_) {
    if (!value_exists(id) || !defined[static_cast<std::size_t>(id.index)]) {
      fail(ErrorKind::internal, "graph output '{}' is not computed", name);
    }
  }
}

std::string Graph::to_text() const {
  const auto label = [&](ValueId id) {
    const Value& v = value(id);
    return v.name.empty() ? fmt::format("%{}", id.index) : v.name;
  };
  std::string text;
  for (const Node& node : nodes_) {
    std::vector<std::string> outputs;
    std::vector<std::string> inputs;
    for (const ValueId id : node.outputs) outputs.push_back(label(id) + type_text(value(id).type));
    for (const ValueId id : node.inputs) inputs.push_back(label(id));
    text += fmt::format("{} = {}({})", join(outputs), node.op->name(), join(inputs));
    if (!node.scope.empty()) text += fmt::format("  [{}]", node.scope);
    text += '\n';
  }
  return text;
}

void Graph::replace_nodes(std::vector<Node> nodes) {
  nodes_ = std::move(nodes);
  for (Value& value : values_) {
    value.producer = -1;
  }
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    for (std::size_t i = 0; i < nodes_[n].outputs.size(); ++i) {
      Value& output = values_[static_cast<std::size_t>(nodes_[n].outputs[i].index)];
      output.producer = static_cast<int>(n);
      output.output = static_cast<int>(i);
    }
  }
}

void Graph::replace_output(ValueId from, ValueId to) {
  for (auto& [name, id] : outputs_) {
    if (id == from) id = to;
  }
}

}  // namespace evenflow
