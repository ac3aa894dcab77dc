#include "evenflow/graph/ops/transpose.h"

#include <algorithm>
#include <memory>
#include <numeric>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/strided.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

class Transpose : public Operator {
 public:
  explicit Transpose(std::vector<int> permutation) : permutation_(std::move(permutation)) {}

  std::string_view name() const override { return "transpose"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    const Shape& x = inputs[0].shape;
    std::vector<int> sorted = permutation_;
    std::sort(sorted.begin(), sorted.end());
    std::vector<int> axes(static_cast<std::size_t>(x.rank()));
    std::iota(axes.begin(), axes.end(), 0);
    if (sorted != axes) {
      fail(ErrorKind::shape, "transpose: ({}) is not a permutation of the axes of the shape {}",
           fmt::join(permutation_, ", "), to_string(x));
    }
    Shape shape = x;
    for (int axis = 0; axis < x.rank(); ++axis) shape = shape.with(axis, x[source(axis)]);
    return {{shape}};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node&, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    std::vector<int> inverse(permutation_.size());
    for (std::size_t i = 0; i < inverse.size(); ++i) {
      inverse[static_cast<std::size_t>(permutation_[i])] = static_cast<int>(i);
    }
    return {transpose(graph, output_gradients[0], inverse)};
  }

  Kernel bind(const Binding& binding) const override {
    const Shape& x = binding.inputs[0].type.shape;
    StridedLoop<1> loop;
    for (int axis = 0; axis < x.rank(); ++axis) {
      const int from = source(axis);
      loop.push(x[from], {x.count(from + 1, x.rank())});
    }
    return [loop, source = binding.inputs[0].f32(), y = binding.outputs[0].f32()] {
      const std::size_t length = loop.row_length();
      const std::int64_t stride = loop.row_strides()[0];
      loop.for_each_row([&](std::size_t row, const auto& offsets) {
        const float* from = source + offsets[0];
        float* to = y + row * length;
        for (std::size_t i = 0; i < length; ++i) to[i] = from[static_cast<std::int64_t>(i) * stride];
      });
    };
  }

 private:
  int source(int axis) const { return permutation_[static_cast<std::size_t>(axis)]; }

  std::vector<int> permutation_;
};

}  // namespace

ValueId transpose(Graph& graph, ValueId x, std::vector<int> permutation) {
  return graph.add1(std::make_shared<Transpose>(std::move(permutation)), {x});
}

}  // namespace evenflow::ops
