#include "evenflow/graph/ops/gaussian_noise.h"

#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/support.h"
#include "evenflow/tensor/kernels/elementwise.h"

namespace evenflow::ops {
namespace {

class GaussianNoise : public Operator {
 public:
  GaussianNoise(float deviation, std::uint64_t stream) : deviation_(deviation), stream_(stream) {}

  std::string_view name() const override { return "gaussian_noise"; }
  int in_place_input() const override { return 0; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    return {inputs[0]};
  }

  std::vector<ValueId> gradient(Graph&, const Node&, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    return {output_gradients[0]};
  }

  BlockKernel block_kernel(std::span<const ValueType>, const ValueType&) const override {
    return [deviation = deviation_, stream = stream_](const Block& block) {
      kernels::gaussian_noise(block.inputs[0], block.output, block.begin, block.count, deviation, block.state->seed,
                              stream, block.state->step);
    };
  }

  Kernel bind(const Binding& binding) const override {
    return [deviation = deviation_, stream = stream_, state = binding.state, x = binding.inputs[0].f32(),
            y = binding.outputs[0].f32(), count = binding.outputs[0].count()] {
      parallel_for(count, kElementGrain, [&](std::size_t begin, std::size_t end) {
        kernels::gaussian_noise(x + begin, y + begin, begin, end - begin, deviation, state->seed, stream, state->step);
      });
    };
  }

 private:
  float deviation_;
  std::uint64_t stream_;
};

}  // namespace

ValueId gaussian_noise(Graph& graph, ValueId x, float deviation, std::uint64_t stream) {
  if (!(deviation >= 0.0f)) fail(ErrorKind::usage, "gaussian_noise: the deviation {} is negative", deviation);
  return deviation == 0.0f ? x : graph.add1(std::make_shared<GaussianNoise>(deviation, stream), {x});
}

}  // namespace evenflow::ops
