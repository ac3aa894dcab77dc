#include "evenflow/graph/ops/dropout.h"

#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/support.h"
#include "evenflow/tensor/kernels/elementwise.h"

namespace evenflow::ops {
namespace {

class Dropout : public Operator {
 public:
  Dropout(float rate, std::uint64_t stream) : rate_(rate), stream_(stream) {}

  std::string_view name() const override { return "dropout"; }
  int in_place_input() const override { return 0; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    return {inputs[0]};
  }

  // The mask is drawn again instead of being kept: it is a function of the step.
  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    return {graph.add1(node.op, {output_gradients[0]})};
  }

  BlockKernel block_kernel(std::span<const ValueType>, const ValueType&) const override {
    return [rate = rate_, stream = stream_](const Block& block) {
      kernels::dropout(block.inputs[0], block.output, block.begin, block.count, rate, block.state->seed, stream,
                       block.state->step);
    };
  }

  Kernel bind(const Binding& binding) const override {
    return [rate = rate_, stream = stream_, state = binding.state, x = binding.inputs[0].f32(),
            y = binding.outputs[0].f32(), count = binding.outputs[0].count()] {
      parallel_for(count, kElementGrain, [&](std::size_t begin, std::size_t end) {
        kernels::dropout(x + begin, y + begin, begin, end - begin, rate, state->seed, stream, state->step);
      });
    };
  }

 private:
  float rate_;
  std::uint64_t stream_;
};

}  // namespace

ValueId dropout(Graph& graph, ValueId x, float rate, std::uint64_t stream) {
  if (!(rate >= 0.0f && rate <= 1.0f)) fail(ErrorKind::usage, "dropout: the rate {} is not between 0 and 1", rate);
  return rate == 0.0f ? x : graph.add1(std::make_shared<Dropout>(rate, stream), {x});
}

}  // namespace evenflow::ops
