#include "evenflow/graph/ops/average_weights.h"

#include <algorithm>
#include <memory>

#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

class AverageWeights : public Operator {
 public:
  AverageWeights(double momentum, std::int64_t overwrite_frequency, std::int64_t steps)
      : momentum_(static_cast<float>(momentum)),
        frequency_(static_cast<std::uint64_t>(overwrite_frequency)),
        steps_(static_cast<std::uint64_t>(steps)) {}

  std::string_view name() const override { return "average_weights"; }
  std::span<const int> mutated_inputs() const override { return mutated_; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 2);
    require_same_shape(name(), inputs[0].shape, inputs[1].shape);
    return {};
  }

  Kernel bind(const Binding& binding) const override {
    return [momentum = momentum_, frequency = frequency_, steps = steps_, state = binding.state,
            w = binding.inputs[0].f32(), average = binding.inputs[1].f32(), count = binding.inputs[0].count()] {
      const std::uint64_t update = state->step / steps;
      const float old = update == 0 ? 0.0f : momentum;
      const bool overwrites = frequency > 0 && (update + 1) % frequency == 0;
      parallel_for(count, kElementGrain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) average[i] = old * average[i] + (1.0f - old) * w[i];
        if (overwrites) std::copy(average + begin, average + end, w + begin);
      });
    };
  }

 private:
  static constexpr int mutated_[] = {0, 1};
  float momentum_;
  std::uint64_t frequency_;
  std::uint64_t steps_;
};

}  // namespace

void average_weights(Graph& graph, ValueId weights, ValueId average, double momentum, std::int64_t overwrite_frequency,
                     std::int64_t steps) {
  graph.add(std::make_shared<AverageWeights>(momentum, overwrite_frequency, steps), {weights, average});
}

}  // namespace evenflow::ops
