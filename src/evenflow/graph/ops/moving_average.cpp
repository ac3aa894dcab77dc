#include "evenflow/graph/ops/moving_average.h"

#include <memory>

#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

// Inputs: moving, value. No outputs.
class MovingAverage : public Operator {
 public:
  explicit MovingAverage(float momentum) : momentum_(momentum) {}

  std::string_view name() const override { return "moving_average"; }
  std::span<const int> mutated_inputs() const override { return kMutated; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 2);
    require_same_shape(name(), inputs[0].shape, inputs[1].shape);
    return {};
  }

  Kernel bind(const Binding& binding) const override {
    return [old = momentum_, moving = binding.inputs[0].f32(), value = binding.inputs[1].f32(),
            count = binding.inputs[0].count()] {
      for (std::size_t i = 0; i < count; ++i) moving[i] = moving[i] * old + value[i] * (1.0f - old);
    };
  }

 private:
  static constexpr int kMutated[] = {0};
  float momentum_;
};

}  // namespace

void moving_average(Graph& graph, ValueId moving, ValueId value, float momentum) {
  graph.add(std::make_shared<MovingAverage>(momentum), {moving, value});
}

}  // namespace evenflow::ops
