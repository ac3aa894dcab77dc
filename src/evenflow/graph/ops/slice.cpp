#include "evenflow/graph/ops/slice.h"

#include <cstring>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/pad.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

class Slice : public Operator {
 public:
  Slice(int axis, std::int64_t begin, std::int64_t end) : axis_(axis), begin_(begin), end_(end) {}

  std::string_view name() const override { return "slice"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    const Shape& x = inputs[0].shape;
    if (begin_ < 0 || begin_ > end_ || end_ > x[axis_]) {
      fail(ErrorKind::shape, "slice: axis {} of the shape {} has no range [{}, {})", axis_, to_string(x), begin_, end_);
    }
    return {{x.with(axis_, end_ - begin_)}};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    const Shape& x = graph.shape(node.inputs[0]);
    std::vector<std::pair<std::int64_t, std::int64_t>> pads(static_cast<std::size_t>(x.rank()));
    pads[static_cast<std::size_t>(axis_)] = {begin_, x[axis_] - end_};
    return {pad(graph, output_gradients[0], std::move(pads))};
  }

  Kernel bind(const Binding& binding) const override {
    const Shape& x = binding.inputs[0].type.shape;
    const auto rows = static_cast<std::size_t>(x.count(0, axis_));
    const auto inner = static_cast<std::size_t>(x.count(axis_ + 1, x.rank()));
    const std::size_t x_row = static_cast<std::size_t>(x[axis_]) * inner;
    const std::size_t y_row = static_cast<std::size_t>(end_ - begin_) * inner;
    const float* first = binding.inputs[0].f32() + static_cast<std::size_t>(begin_) * inner;
    return [rows, x_row, y_row, first, y = binding.outputs[0].f32()] {
      parallel_for(rows, row_grain(y_row), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r) std::memcpy(y + r * y_row, first + r * x_row, y_row * sizeof(float));
      });
    };
  }

 private:
  int axis_;
  std::int64_t begin_;
  std::int64_t end_;
};

}  // namespace

ValueId slice(Graph& graph, ValueId x, int axis, std::int64_t begin, std::int64_t end) {
  const Shape& shape = graph.shape(x);
  const int resolved = resolve_axis("slice", axis, shape);
  if (begin == 0 && end == shape[resolved]) return x;
  return graph.add1(std::make_shared<Slice>(resolved, begin, end), {x});
}

}  // namespace evenflow::ops
