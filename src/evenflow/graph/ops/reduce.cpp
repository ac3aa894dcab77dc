#include "evenflow/graph/ops/reduce.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/binary.h"
#include "evenflow/graph/ops/reshape.h"
#include "evenflow/graph/ops/scale.h"
#include "evenflow/graph/ops/strided.h"
#include "evenflow/graph/ops/support.h"
#include "evenflow/tensor/kernels/elementwise.h"

namespace evenflow::ops {
namespace {

// The sum over axes [from, to), which disappear.
class ReduceSum : public Operator {
 public:
  ReduceSum(int from, int to) : from_(from), to_(to) {}

  std::string_view name() const override { return "reduce_sum"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    const Shape& x = inputs[0].shape;
    return {{evenflow::concatenate(x.slice(0, from_), x.slice(to_, x.rank()))}};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    const Shape shape = graph.shape(node.inputs[0]);
    Shape kept = shape;
    for (int axis = from_; axis < to_; ++axis) kept = kept.with(axis, 1);
    return {broadcast_to(graph, reshape(graph, output_gradients[0], kept), shape)};
  }

  Kernel bind(const Binding& binding) const override {
    const Shape& shape = binding.inputs[0].type.shape;
    const auto outer = static_cast<std::size_t>(shape.count(0, from_));
    const auto middle = static_cast<std::size_t>(shape.count(from_, to_));
    const auto inner = static_cast<std::size_t>(shape.count(to_, shape.rank()));
    return [outer, middle, inner, x = binding.inputs[0].f32(), y = binding.outputs[0].f32()] {
      parallel_for(outer, row_grain(middle * inner), [&](std::size_t begin, std::size_t end) {
        for (std::size_t o = begin; o < end; ++o) {
          if (inner == 1) {
            y[o] = static_cast<float>(kernels::sum(x + o * middle, middle));
          } else {
            kernels::column_sums(x + o * middle * inner, middle, inner, y + o * inner);
          }
        }
      });
    };
  }

 private:
  int from_;
  int to_;
};

class BroadcastTo : public Operator {
 public:
  explicit BroadcastTo(const Shape& shape) : shape_(shape) {}

  std::string_view name() const override { return "broadcast_to"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    if (broadcast_shape(name(), inputs[0].shape, shape_) != shape_) {
      fail(ErrorKind::shape, "broadcast_to: the shape {} does not broadcast to {}", to_string(inputs[0].shape),
           to_string(shape_));
    }
    return {{shape_}};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    return {sum_to(graph, output_gradients[0], graph.shape(node.inputs[0]))};
  }

  Kernel bind(const Binding& binding) const override {
    const auto loop = broadcast_loop<1>(shape_, {&binding.inputs[0].type.shape});
    return [loop, x = binding.inputs[0].f32(), y = binding.outputs[0].f32()] {
      const bool repeats = loop.row_strides()[0] == 0;
      const std::size_t length = loop.row_length();
      loop.for_each_row([&](std::size_t row, const auto& offsets) {
        if (repeats) {
          kernels::fill(x[offsets[0]], y + row * length, length);
        } else {
          std::memcpy(y + row * length, x + offsets[0], length * sizeof(float));
        }
      });
    };
  }

 private:
  Shape shape_;
};

}  // namespace

ValueId reduce_sum(Graph& graph, ValueId x, std::vector<int> axes, bool keepdims) {
  Shape kept = graph.shape(x);
  for (int& axis : axes) {
    axis = resolve_axis("reduce_sum", axis, kept);
    kept = kept.with(axis, 1);
  }
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) {
    fail(ErrorKind::shape, "reduce_sum: an axis is named twice for the shape {}", to_string(graph.shape(x)));
  }
  // One node per run of neighbouring axes, the last run first so that the numbers of the others stay valid.
  while (!axes.empty()) {
    const int to = axes.back() + 1;
    int from = to;
    while (!axes.empty() && axes.back() == from - 1) {
      --from;
      axes.pop_back();
    }
    const Shape shape = graph.shape(x);
    x = shape.count(from, to) == 1
            ? reshape(graph, x, evenflow::concatenate(shape.slice(0, from), shape.slice(to, shape.rank())))
            : graph.add1(std::make_shared<ReduceSum>(from, to), {x});
  }
  return keepdims ? reshape(graph, x, kept) : x;
}

ValueId reduce_mean(Graph& graph, ValueId x, std::vector<int> axes, bool keepdims) {
  const auto before = static_cast<double>(graph.shape(x).count());
  const ValueId sum = reduce_sum(graph, x, std::move(axes), keepdims);
  return scale(graph, sum, static_cast<float>(static_cast<double>(graph.shape(sum).count()) / before));
}

ValueId broadcast_to(Graph& graph, ValueId x, Shape shape) {
  return graph.shape(x) == shape ? x : graph.add1(std::make_shared<BroadcastTo>(shape), {x});
}

ValueId sum_to(Graph& graph, ValueId x, Shape shape) {
  const Shape from = graph.shape(x);
  if (broadcast_shape("sum_to", from, shape) != from) {
    fail(ErrorKind::shape, "sum_to: the shape {} does not broadcast to {}", to_string(shape), to_string(from));
  }
  std::vector<int> axes;
  const int added = from.rank() - shape.rank();
  for (int axis = 0; axis < from.rank(); ++axis) {
    if (axis < added || shape[axis - added] != from[axis]) axes.push_back(axis);
  }
  return reshape(graph, reduce_sum(graph, x, axes), shape);
}

}  // namespace evenflow::ops
