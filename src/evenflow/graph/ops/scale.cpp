#include "evenflow/graph/ops/scale.h"

#include <memory>

#include "evenflow/graph/ops/support.h"
#include "evenflow/tensor/kernels/elementwise.h"

namespace evenflow::ops {
namespace {

class Scale : public Operator {
 public:
  explicit Scale(float factor) : factor_(factor) {}

  std::string_view name() const override { return "scale"; }
  int in_place_input() const override { return 0; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    return {inputs[0]};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node&, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    return {scale(graph, output_gradients[0], factor_)};
  }

  BlockKernel block_kernel(std::span<const ValueType>, const ValueType&) const override {
    return
        [factor = factor_](const Block& block) { kernels::scale(block.inputs[0], factor, block.output, block.count); };
  }

  Kernel bind(const Binding& binding) const override {
    return [factor = factor_, x = binding.inputs[0].f32(), y = binding.outputs[0].f32(),
            count = binding.outputs[0].count()] { kernels::scale(x, factor, y, count); };
  }

 private:
  float factor_;
};

}  // namespace

ValueId scale(Graph& graph, ValueId x, float factor) {
  return factor == 1.0f ? x : graph.add1(std::make_shared<Scale>(factor), {x});
}

}  // namespace evenflow::ops
