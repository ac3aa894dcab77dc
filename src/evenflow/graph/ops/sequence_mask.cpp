#include "evenflow/graph/ops/sequence_mask.h"

#include <algorithm>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

class SequenceMask : public Operator {
 public:
  explicit SequenceMask(float value) : value_(value) {}

  std::string_view name() const override { return "sequence_mask"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    const Shape& x = inputs[0].shape;
    if (x.rank() == 0) fail(ErrorKind::shape, "sequence_mask: a scalar has no features");
    return {{x.slice(0, x.rank() - 1)}};
  }

  std::vector<ValueId> gradient(Graph&, const Node&, std::span<const ValueId>, std::span<const bool>) const override {
    return {ValueId{}};
  }

  Kernel bind(const Binding& binding) const override {
    const auto features = static_cast<std::size_t>(binding.inputs[0].type.shape.back());
    return [features, rows = binding.outputs[0].count(), value = value_, x = binding.inputs[0].f32(),
            mask = binding.outputs[0].f32()] {
      for (std::size_t r = 0; r < rows; ++r) {
        const float* const row = x + r * features;
        mask[r] = std::all_of(row, row + features, [&](float one) { return one == value; }) ? 0.0f : 1.0f;
      }
    };
  }

 private:
  float value_;
};

}  // namespace

ValueId sequence_mask(Graph& graph, ValueId x, float value) {
  return graph.add1(std::make_shared<SequenceMask>(value), {x});
}

}  // namespace evenflow::ops
