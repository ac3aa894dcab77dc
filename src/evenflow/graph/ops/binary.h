// Element-wise operators of two values, with numpy's broadcasting.
#pragma once

#include "evenflow/graph.h"
#include "evenflow/tensor/kernels/elementwise.h"

namespace evenflow::ops {

// The shape that a and b broadcast to. Throws Error(shape) naming both.
Shape broadcast_shape(std::string_view operation, const Shape& a, const Shape& b);

class Binary : public Operator {
 public:
  // `in_place` is the input that has the result's shape (0 or 1), or -1.
  Binary(kernels::BinaryOp op, int in_place) : op_(op), in_place_(in_place) {}

  kernels::BinaryOp op() const { return op_; }
  // Is it (..., n) + (n): a bias that is added to every row?
  bool is_bias_add(std::span<const ValueType> inputs) const;
  bool is_bias_add(const Shape& a, const Shape& b) const;

  std::string_view name() const override;
  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool> needed) const override;
  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const override;
  Kernel bind(const Binding& binding) const override;
  int in_place_input() const override { return in_place_; }
  BlockKernel block_kernel(std::span<const ValueType> inputs, const ValueType& output) const override;

 private:
  kernels::BinaryOp op_;
  int in_place_;
};

ValueId add(Graph& graph, ValueId a, ValueId b);
ValueId subtract(Graph& graph, ValueId a, ValueId b);
ValueId multiply(Graph& graph, ValueId a, ValueId b);
ValueId divide(Graph& graph, ValueId a, ValueId b);
// NaN in either operand gives NaN. The gradient goes to the operand that was chosen, to the first where they are equal.
ValueId maximum(Graph& graph, ValueId a, ValueId b);
ValueId minimum(Graph& graph, ValueId a, ValueId b);

}  // namespace evenflow::ops
