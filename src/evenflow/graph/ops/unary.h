// Element-wise functions with their derivative: activations.
#pragma once

#include "evenflow/graph.h"
#include "evenflow/tensor/kernels/unary.h"

namespace evenflow::ops {

class Unary : public Operator {
 public:
  Unary(const UnaryFunction& function, const UnaryParameters& parameters)
      : function_(function), parameters_(parameters) {}

  const UnaryFunction& function() const { return function_; }
  const UnaryParameters& parameters() const { return parameters_; }

  std::string_view name() const override { return function_.name; }
  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool> needed) const override;
  Kernel bind(const Binding& binding) const override;
  int in_place_input() const override { return 0; }
  BlockKernel block_kernel(std::span<const ValueType> inputs, const ValueType& output) const override;

 private:
  const UnaryFunction& function_;
  UnaryParameters parameters_;
};

// y = f(x). `function` must outlive every program.
ValueId unary(Graph& graph, ValueId x, const UnaryFunction& function, const UnaryParameters& parameters = {});

// dx = dy f'(x). Only what the function's backward reads becomes an input of the node, so that the other of x and y
// is not kept in memory.
ValueId unary_gradient(Graph& graph, ValueId dy, ValueId x, ValueId y, const UnaryFunction& function,
                       const UnaryParameters& parameters = {});

}  // namespace evenflow::ops
