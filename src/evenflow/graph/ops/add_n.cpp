#include "evenflow/graph/ops/add_n.h"

#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/support.h"
#include "evenflow/tensor/kernels/elementwise.h"

namespace evenflow::ops {
namespace {

class AddN : public Operator {
 public:
  explicit AddN(std::size_t count) : count_(count) {}

  std::string_view name() const override { return "add_n"; }
  int in_place_input() const override { return 0; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, count_);
    for (const ValueType& input : inputs) require_same_shape(name(), inputs[0].shape, input.shape);
    return {inputs[0]};
  }

  std::vector<ValueId> gradient(Graph&, const Node&, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    return std::vector<ValueId>(count_, output_gradients[0]);
  }

  BlockKernel block_kernel(std::span<const ValueType>, const ValueType&) const override {
    return [summands = count_](const Block& block) { sum(block.inputs, summands, block.output, block.count); };
  }

  Kernel bind(const Binding& binding) const override {
    std::vector<const float*> summands;
    for (const Buffer& input : binding.inputs) summands.push_back(input.f32());
    return [summands, y = binding.outputs[0].f32(), count = binding.outputs[0].count()] {
      sum(summands.data(), summands.size(), y, count);
    };
  }

 private:
  // `y` may be the memory of the first summand, and of no other unless that is the same value: so it is only written
  // once every summand of the element has been read.
  static void sum(const float* const* summands, std::size_t terms, float* y, std::size_t count) {
    parallel_for(count, kElementGrain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        float total = summands[0][i];
        for (std::size_t s = 1; s < terms; ++s) total += summands[s][i];
        y[i] = total;
      }
    });
  }

  std::size_t count_;
};

}  // namespace

ValueId add_n(Graph& graph, std::vector<ValueId> values) {
  if (values.empty()) fail(ErrorKind::internal, "add_n: needs at least one value");
  if (values.size() == 1) return values.front();
  const auto op = std::make_shared<AddN>(values.size());
  return graph.add1(op, std::move(values));
}

}  // namespace evenflow::ops
