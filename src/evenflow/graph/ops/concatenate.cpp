#include "evenflow/graph/ops/concatenate.h"

#include <cstring>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/slice.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

class Concatenate : public Operator {
 public:
  Concatenate(int axis, std::size_t count) : axis_(axis), count_(count) {}

  std::string_view name() const override { return "concatenate"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, count_);
    const Shape& first = inputs[0].shape;
    std::int64_t extent = 0;
    for (const ValueType& input : inputs) {
      const Shape& shape = input.shape;
      if (shape.rank() != first.rank() || shape.with(axis_, 0) != first.with(axis_, 0)) {
        fail(ErrorKind::shape, "concatenate: the shapes {} and {} differ in more than axis {}", to_string(first),
             to_string(shape), axis_);
      }
      extent += shape[axis_];
    }
    return {{first.with(axis_, extent)}};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool> needed) const override {
    std::vector<ValueId> gradients;
    std::int64_t begin = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      const std::int64_t end = begin + graph.shape(node.inputs[i])[axis_];
      gradients.push_back(needed[i] ? slice(graph, output_gradients[0], axis_, begin, end) : ValueId{});
      begin = end;
    }
    return gradients;
  }

  Kernel bind(const Binding& binding) const override {
    struct Part {
      const float* data;
      std::size_t offset;  // in a row of the result
      std::size_t length;
    };
    const Shape& shape = binding.outputs[0].type.shape;
    const auto rows = static_cast<std::size_t>(shape.count(0, axis_));
    const auto width = static_cast<std::size_t>(shape.count(axis_, shape.rank()));
    std::vector<Part> parts;
    std::size_t offset = 0;
    for (const Buffer& input : binding.inputs) {
      const auto length = static_cast<std::size_t>(input.type.shape.count(axis_, shape.rank()));
      parts.push_back({input.f32(), offset, length});
      offset += length;
    }
    return [parts, rows, width, y = binding.outputs[0].f32()] {
      parallel_for(rows, row_grain(width), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r) {
          for (const Part& part : parts) {
            std::memcpy(y + r * width + part.offset, part.data + r * part.length, part.length * sizeof(float));
          }
        }
      });
    };
  }

 private:
  int axis_;
  std::size_t count_;
};

}  // namespace

ValueId concatenate(Graph& graph, std::vector<ValueId> values, int axis) {
  if (values.empty()) fail(ErrorKind::internal, "concatenate: needs at least one value");
  const int resolved = resolve_axis("concatenate", axis, graph.shape(values.front()));
  if (values.size() == 1) return values.front();
  const auto op = std::make_shared<Concatenate>(resolved, values.size());
  return graph.add1(op, std::move(values));
}

}  // namespace evenflow::ops
