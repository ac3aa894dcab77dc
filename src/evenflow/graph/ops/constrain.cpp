#include "evenflow/graph/ops/constrain.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "evenflow/graph/ops/binary.h"
#include "evenflow/graph/ops/reduce.h"
#include "evenflow/graph/ops/strided.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

constexpr float kEpsilon = 1e-7f;  // Keras's backend.epsilon()
constexpr int kWeights[] = {0};

// Inputs: weights and their sums of squares, which broadcast to them.
class BoundNorms : public Operator {
 public:
  explicit BoundNorms(const NormBounds& bounds)
      : minimum_(static_cast<float>(bounds.minimum)),
        maximum_(static_cast<float>(bounds.maximum)),
        rate_(static_cast<float>(bounds.rate)) {}

  std::string_view name() const override { return "bound_norms"; }
  std::span<const int> mutated_inputs() const override { return kWeights; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 2);
    require_same_shape(name(), inputs[0].shape, broadcast_shape(name(), inputs[0].shape, inputs[1].shape));
    return {};
  }

  Kernel bind(const Binding& binding) const override {
    const Shape& shape = binding.inputs[0].type.shape;
    const auto loop = broadcast_loop<2>(shape, {&shape, &binding.inputs[1].type.shape});
    return [loop, bound = *this, w = binding.inputs[0].f32(), squares = binding.inputs[1].f32()] {
      const auto length = static_cast<std::int64_t>(loop.row_length());
      const std::int64_t step = loop.row_strides()[1];
      loop.for_each_row([&](std::size_t, const StridedLoop<2>::Offsets& offsets) {
        float* const row = w + offsets[0];
        const float* const sums = squares + offsets[1];
        if (step == 0) {
          const float factor = bound.factor(*sums);
          for (std::int64_t i = 0; i < length; ++i) row[i] *= factor;
        } else {
          for (std::int64_t i = 0; i < length; ++i) row[i] *= bound.factor(sums[i * step]);
        }
      });
    };
  }

 private:
  float factor(float squares) const {
    const float norm = std::sqrt(squares);
    const float bounded = std::min(std::max(norm, minimum_), maximum_);
    return (rate_ * bounded + (1.0f - rate_) * norm) / (kEpsilon + norm);
  }

  float minimum_;
  float maximum_;
  float rate_;
};

class ClearNegative : public Operator {
 public:
  std::string_view name() const override { return "clear_negative"; }
  std::span<const int> mutated_inputs() const override { return kWeights; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    return {};
  }

  Kernel bind(const Binding& binding) const override {
    return [w = binding.inputs[0].f32(), count = binding.inputs[0].count()] {
      parallel_for(count, kElementGrain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) w[i] = w[i] < 0.0f ? 0.0f : w[i];  // NaN stays
      });
    };
  }
};

}  // namespace

void bound_norms(Graph& graph, ValueId weights, const NormBounds& bounds) {
  const ValueId squares = reduce_sum(graph, multiply(graph, weights, weights), bounds.axes, true);
  graph.add(std::make_shared<BoundNorms>(bounds), {weights, squares});
}

void clear_negative(Graph& graph, ValueId weights) {
  graph.add(std::make_shared<ClearNegative>(), {weights});
}

}  // namespace evenflow::ops
