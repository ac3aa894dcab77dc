#include "evenflow/graph/ops/accumulate.h"

#include <algorithm>
#include <memory>

#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

class Accumulate : public Operator {
 public:
  explicit Accumulate(std::int64_t steps) : steps_(static_cast<std::uint64_t>(steps)) {}

  std::string_view name() const override { return "accumulate"; }
  std::span<const int> mutated_inputs() const override { return mutated_; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 2);
    require_same_shape(name(), inputs[0].shape, inputs[1].shape);
    return {inputs[0]};
  }

  Kernel bind(const Binding& binding) const override {
    return [steps = steps_, state = binding.state, g = binding.inputs[0].f32(), sum = binding.inputs[1].f32(),
            out = binding.outputs[0].f32(), count = binding.inputs[0].count()] {
      const bool last = state->step % steps == steps - 1;
      const auto divisor = static_cast<float>(steps);
      parallel_for(count, kElementGrain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          const float total = g[i] + sum[i];
          out[i] = last ? total / divisor : g[i];
          sum[i] = last ? 0.0f : total;
        }
      });
    };
  }

 private:
  static constexpr int mutated_[] = {1};
  std::uint64_t steps_;
};

}  // namespace

ValueId accumulate(Graph& graph, ValueId gradient, ValueId accumulator, std::int64_t steps) {
  return graph.add1(std::make_shared<Accumulate>(steps), {gradient, accumulator});
}

}  // namespace evenflow::ops
