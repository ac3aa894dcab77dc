#include "evenflow/graph/ops/support.h"

#include "evenflow/base/text.h"

namespace evenflow::ops {

void require_float32(std::string_view operation, std::span<const ValueType> inputs, std::size_t count) {
  if (inputs.size() != count) {
    fail(ErrorKind::internal, "{}: takes {} inputs, not {}", operation, count, inputs.size());
  }
  for (const ValueType& input : inputs) {
    if (input.dtype != DType::float32) fail(ErrorKind::shape, "{}: computes with float32 values only", operation);
  }
}

void require_same_shape(std::string_view operation, const Shape& a, const Shape& b) {
  if (a != b) fail(ErrorKind::shape, "{}: the shapes {} and {} must be equal", operation, to_string(a), to_string(b));
}

int resolve_axis(std::string_view operation, int axis, const Shape& shape) {
  if (axis < -shape.rank() || axis >= shape.rank()) {
    fail(ErrorKind::shape, "{}: a value of shape {} has no axis {}", operation, to_string(shape), axis);
  }
  return axis < 0 ? axis + shape.rank() : axis;
}

std::optional<float> constant_scalar(const Graph& graph, ValueId id) {
  const Value& value = graph.value(id);
  if (value.role != Value::Role::constant || value.constant.count() != 1) return std::nullopt;
  return value.constant[0];
}

std::string epilogue_name(std::string_view operation, const backend::Epilogue& epilogue) {
  std::string name(operation);
  if (epilogue.bias) name += "+bias";
  if (epilogue.activation != nullptr) name += fmt::format("+{}", epilogue.activation->name);
  return name;
}

}  // namespace evenflow::ops
