#include "evenflow/graph/ops/unary.h"

#include <memory>
#include <string>

#include "evenflow/base/threads.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

// Inputs: dy, then x and y as far as the function's backward reads them.
class UnaryGradient : public Operator {
 public:
  UnaryGradient(const UnaryFunction& function, const UnaryParameters& parameters)
      : function_(function), parameters_(parameters), name_(std::string(function.name) + "_gradient") {}

  std::string_view name() const override { return name_; }
  int in_place_input() const override { return 0; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1u + function_.backward_reads_x + function_.backward_reads_y);
    for (const ValueType& input : inputs) require_same_shape(name(), inputs[0].shape, input.shape);
    return {inputs[0]};
  }

  BlockKernel block_kernel(std::span<const ValueType>, const ValueType&) const override {
    return [this_function = &function_, parameters = parameters_](const Block& block) {
      const float* const* rest = block.inputs + 1;
      const float* x = this_function->backward_reads_x ? *rest++ : nullptr;
      const float* y = this_function->backward_reads_y ? *rest : nullptr;
      this_function->backward(x, y, block.inputs[0], block.output, block.count, parameters);
    };
  }

  Kernel bind(const Binding& binding) const override {
    const std::size_t x_at = 1;
    const std::size_t y_at = function_.backward_reads_x ? 2 : 1;
    return [f = &function_, parameters = parameters_, dy = binding.inputs[0].f32(),
            x = function_.backward_reads_x ? binding.inputs[x_at].f32() : nullptr,
            y = function_.backward_reads_y ? binding.inputs[y_at].f32() : nullptr, dx = binding.outputs[0].f32(),
            count = binding.outputs[0].count()] {
      parallel_for(count, kElementGrain, [&](std::size_t begin, std::size_t end) {
        f->backward(x == nullptr ? x : x + begin, y == nullptr ? y : y + begin, dy + begin, dx + begin, end - begin,
                    parameters);
      });
    };
  }

 private:
  const UnaryFunction& function_;
  UnaryParameters parameters_;
  std::string name_;
};

}  // namespace

std::vector<ValueType> Unary::infer(std::span<const ValueType> inputs) const {
  require_float32(name(), inputs, 1);
  return {inputs[0]};
}

std::vector<ValueId> Unary::gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                     std::span<const bool>) const {
  return {unary_gradient(graph, output_gradients[0], node.inputs[0], node.outputs[0], function_, parameters_)};
}

Operator::BlockKernel Unary::block_kernel(std::span<const ValueType>, const ValueType&) const {
  return [f = &function_, parameters = parameters_](const Block& block) {
    f->forward(block.inputs[0], block.output, block.count, parameters);
  };
}

Kernel Unary::bind(const Binding& binding) const {
  return [f = &function_, parameters = parameters_, x = binding.inputs[0].f32(), y = binding.outputs[0].f32(),
          count = binding.outputs[0].count()] {
    parallel_for(count, kElementGrain, [&](std::size_t begin, std::size_t end) {
      f->forward(x + begin, y + begin, end - begin, parameters);
    });
  };
}

ValueId unary(Graph& graph, ValueId x, const UnaryFunction& function, const UnaryParameters& parameters) {
  return graph.add1(std::make_shared<Unary>(function, parameters), {x});
}

ValueId unary_gradient(Graph& graph, ValueId dy, ValueId x, ValueId y, const UnaryFunction& function,
                       const UnaryParameters& parameters) {
  std::vector<ValueId> inputs{dy};
  if (function.backward_reads_x) inputs.push_back(x);
  if (function.backward_reads_y) inputs.push_back(y);
  return graph.add1(std::make_shared<UnaryGradient>(function, parameters), std::move(inputs));
}

}  // namespace evenflow::ops
