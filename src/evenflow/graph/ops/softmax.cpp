#include "evenflow/graph/ops/softmax.h"

#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/support.h"
#include "evenflow/tensor/kernels/softmax.h"

namespace evenflow::ops {
namespace {

struct Matrix {
  std::size_t rows;
  std::size_t columns;
};

Matrix matrix_of(const Shape& shape) {
  return {static_cast<std::size_t>(row_count(shape)), static_cast<std::size_t>(shape.back())};
}

// Inputs: y, dy.
class SoftmaxGradient : public Operator {
 public:
  explicit SoftmaxGradient(bool logarithm) : logarithm_(logarithm) {}

  std::string_view name() const override { return logarithm_ ? "log_softmax_gradient" : "softmax_gradient"; }
  int in_place_input() const override { return 1; }  // a row of dy is reduced before dx is written

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 2);
    require_same_shape(name(), inputs[0].shape, inputs[1].shape);
    return {inputs[0]};
  }

  Kernel bind(const Binding& binding) const override {
    return [kernel = logarithm_ ? kernels::log_softmax_gradient : kernels::softmax_gradient,
            matrix = matrix_of(binding.inputs[0].type.shape), y = binding.inputs[0].f32(), dy = binding.inputs[1].f32(),
            dx = binding.outputs[0].f32()] { kernel(y, dy, dx, matrix.rows, matrix.columns); };
  }

 private:
  bool logarithm_;
};

class Softmax : public Operator {
 public:
  explicit Softmax(bool logarithm) : logarithm_(logarithm) {}

  std::string_view name() const override { return logarithm_ ? "log_softmax" : "softmax"; }
  int in_place_input() const override { return 0; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    if (inputs[0].shape.rank() == 0) fail(ErrorKind::shape, "{}: a scalar has no last axis", name());
    return {inputs[0]};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    return {graph.add1(std::make_shared<SoftmaxGradient>(logarithm_), {node.outputs[0], output_gradients[0]})};
  }

  Kernel bind(const Binding& binding) const override {
    return [kernel = logarithm_ ? kernels::log_softmax : kernels::softmax,
            matrix = matrix_of(binding.inputs[0].type.shape), x = binding.inputs[0].f32(),
            y = binding.outputs[0].f32()] { kernel(x, y, matrix.rows, matrix.columns); };
  }

 private:
  bool logarithm_;
};

}  // namespace

ValueId softmax(Graph& graph, ValueId x) {
  return graph.add1(std::make_shared<Softmax>(false), {x});
}
ValueId log_softmax(Graph& graph, ValueId x) {
  return graph.add1(std::make_shared<Softmax>(true), {x});
}

}  // namespace evenflow::ops
