#include "evenflow/graph/ops/penalty.h"

#include <cmath>
#include <memory>

#include "evenflow/graph/ops/binary.h"
#include "evenflow/graph/ops/support.h"
#include "evenflow/tensor/kernels/elementwise.h"

namespace evenflow::ops {
namespace {

// factor * (l1 sign(w) + 2 l2 w)
class PenaltyGradient : public Operator {
 public:
  PenaltyGradient(double l1, double l2) : l1_(static_cast<float>(l1)), l2_(static_cast<float>(2.0 * l2)) {}

  std::string_view name() const override { return "penalty_gradient"; }
  int in_place_input() const override { return 0; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    return {inputs[0]};
  }

  BlockKernel block_kernel(std::span<const ValueType>, const ValueType&) const override {
    return [l1 = l1_, l2 = l2_](const Block& block) { evaluate(block.inputs[0], block.output, block.count, l1, l2); };
  }

  Kernel bind(const Binding& binding) const override {
    return [l1 = l1_, l2 = l2_, w = binding.inputs[0].f32(), dw = binding.outputs[0].f32(),
            count = binding.outputs[0].count()] {
      parallel_for(count, kElementGrain,
                   [&](std::size_t begin, std::size_t end) { evaluate(w + begin, dw + begin, end - begin, l1, l2); });
    };
  }

 private:
  static void evaluate(const float* w, float* dw, std::size_t count, float l1, float l2) {
    for (std::size_t i = 0; i < count; ++i) {
      const float sign = w[i] > 0.0f ? l1 : w[i] < 0.0f ? -l1 : 0.0f;
      dw[i] = sign + l2 * w[i];
    }
  }

  float l1_;
  float l2_;
};

class Penalty : public Operator {
 public:
  Penalty(double l1, double l2) : l1_(l1), l2_(l2) {}

  std::string_view name() const override { return "penalty"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    return {{Shape{}}};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    const ValueId w = node.inputs[0];
    if (const auto factor = constant_scalar(graph, output_gradients[0])) {
      const auto by = static_cast<double>(*factor);
      return {graph.add1(std::make_shared<PenaltyGradient>(by * l1_, by * l2_), {w})};
    }
    const ValueId dw = graph.add1(std::make_shared<PenaltyGradient>(l1_, l2_), {w});
    return {multiply(graph, dw, output_gradients[0])};
  }

  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const override {
    return sum_blocks(static_cast<std::size_t>(inputs[0].shape.count())) * sizeof(double);
  }

  Kernel bind(const Binding& binding) const override {
    return [l1 = l1_, l2 = l2_, w = binding.inputs[0].f32(), count = binding.inputs[0].count(),
            y = binding.outputs[0].f32(), partial = reinterpret_cast<double*>(binding.scratch)] {
      if (l1 == 0) {
        *y = static_cast<float>(l2 * kernels::sum_of_squares(w, count));
        return;
      }
      *y = static_cast<float>(blockwise_sum(count, partial, [&](std::size_t begin, std::size_t end) {
        double absolute = 0;
        double squares = 0;
#pragma omp simd reduction(+ : absolute, squares)
        for (std::size_t i = begin; i < end; ++i) {
          const auto w_i = static_cast<double>(w[i]);
          absolute += std::fabs(w_i);
          squares += w_i * w_i;
        }
        return l1 * absolute + l2 * squares;
      }));
    };
  }

 private:
  double l1_;
  double l2_;
};

}  // namespace

ValueId penalty(Graph& graph, ValueId w, double l1, double l2) {
  return graph.add1(std::make_shared<Penalty>(l1, l2), {w});
}

}  // namespace evenflow::ops
