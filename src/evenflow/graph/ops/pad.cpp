#include "evenflow/graph/ops/pad.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/slice.h"
#include "evenflow/graph/ops/strided.h"
#include "evenflow/graph/ops/support.h"
#include "evenflow/tensor/kernels/elementwise.h"

namespace evenflow::ops {
namespace {

using Pads = std::vector<std::pair<std::int64_t, std::int64_t>>;

class Pad : public Operator {
 public:
  explicit Pad(Pads pads) : pads_(std::move(pads)) {}

  std::string_view name() const override { return "pad"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    Shape shape = inputs[0].shape;
    if (pads_.size() != static_cast<std::size_t>(shape.rank())) {
      fail(ErrorKind::shape, "pad: {} pairs of paddings do not fit the shape {}", pads_.size(), to_string(shape));
    }
    for (int axis = 0; axis < shape.rank(); ++axis) {
      const auto [before, after] = pads_[static_cast<std::size_t>(axis)];
      if (before < 0 || after < 0)
        fail(ErrorKind::shape, "pad: axis {} has the negative padding ({}, {})", axis, before, after);
      shape = shape.with(axis, shape[axis] + before + after);
    }
    return {{shape}};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    const Shape x = graph.shape(node.inputs[0]);
    ValueId dx = output_gradients[0];
    for (int axis = 0; axis < x.rank(); ++axis) {
      const std::int64_t before = pads_[static_cast<std::size_t>(axis)].first;
      dx = slice(graph, dx, axis, before, before + x[axis]);
    }
    return {dx};
  }

  // The loop walks over x; its operand is the place in the result.
  Kernel bind(const Binding& binding) const override {
    const Shape& x = binding.inputs[0].type.shape;
    const Shape& y = binding.outputs[0].type.shape;
    StridedLoop<1> loop;
    std::int64_t corner = 0;
    for (int axis = 0; axis < x.rank(); ++axis) {
      const std::int64_t stride = y.count(axis + 1, y.rank());
      loop.push(x[axis], {stride});
      corner += pads_[static_cast<std::size_t>(axis)].first * stride;
    }
    return [loop, from = binding.inputs[0].f32(), to = binding.outputs[0].f32(), corner,
            count = binding.outputs[0].count()] {
      kernels::fill(0.0f, to, count);
      const std::size_t length = loop.row_length();
      const std::int64_t stride = loop.row_strides()[0];
      loop.for_each_row([&](std::size_t row, const auto& offsets) {
        float* place = to + corner + offsets[0];
        const float* source = from + row * length;
        if (stride == 1) {
          std::memcpy(place, source, length * sizeof(float));
        } else {
          for (std::size_t i = 0; i < length; ++i) place[static_cast<std::int64_t>(i) * stride] = source[i];
        }
      });
    };
  }

 private:
  Pads pads_;
};

}  // namespace

ValueId pad(Graph& graph, ValueId x, Pads pads) {
  const bool nothing =
      std::all_of(pads.begin(), pads.end(), [](const auto& p) { return p.first == 0 && p.second == 0; });
  if (nothing && pads.size() == static_cast<std::size_t>(graph.shape(x).rank())) return x;
  return graph.add1(std::make_shared<Pad>(std::move(pads)), {x});
}

ValueId pad2d(Graph& graph, ValueId x, const std::array<std::int64_t, 4>& pads) {
  return pad(graph, x, {{0, 0}, {pads[0], pads[1]}, {pads[2], pads[3]}, {0, 0}});
}

}  // namespace evenflow::ops
