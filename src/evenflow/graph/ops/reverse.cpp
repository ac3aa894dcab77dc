#include "evenflow/graph/ops/reverse.h"

#include <cstring>
#include <memory>

#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

class Reverse : public Operator {
 public:
  explicit Reverse(int axis) : axis_(axis) {}

  std::string_view name() const override { return "reverse"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    return {inputs[0]};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node&, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    return {reverse(graph, output_gradients[0], axis_)};
  }

  Kernel bind(const Binding& binding) const override {
    const Shape& x = binding.inputs[0].type.shape;
    const auto extent = static_cast<std::size_t>(x[axis_]);
    const auto inner = static_cast<std::size_t>(x.count(axis_ + 1, x.rank()));
    const auto rows = static_cast<std::size_t>(x.count(0, axis_ + 1));
    return [extent, inner, rows, from = binding.inputs[0].f32(), to = binding.outputs[0].f32()] {
      parallel_for(rows, row_grain(inner), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r) {
          const std::size_t mirrored = r - r % extent + (extent - 1 - r % extent);
          std::memcpy(to + mirrored * inner, from + r * inner, inner * sizeof(float));
        }
      });
    };
  }

 private:
  int axis_;
};

}  // namespace

ValueId reverse(Graph& graph, ValueId x, int axis) {
  return graph.add1(std::make_shared<Reverse>(resolve_axis("reverse", axis, graph.shape(x))), {x});
}

}  // namespace evenflow::ops
