// Matrix product, with an optional bias and activation applied while the result is in the cache.
#pragma once

#include <memory>
#include <string>

#include "evenflow/graph.h"
#include "evenflow/tensor/backend/backend.h"

namespace evenflow::ops {

struct MatmulOptions {
  bool transpose_a = false;
  bool transpose_b = false;
};

class MatMul : public Operator {
 public:
  explicit MatMul(const MatmulOptions& options, const backend::Epilogue& epilogue = {});

  const MatmulOptions& options() const { return options_; }
  const backend::Epilogue& epilogue() const { return epilogue_; }
  // The same product that also adds a row of n numbers (then the third input) and applies a function. Such a node has
  // no gradient: fusion comes after differentiation.
  std::shared_ptr<const Operator> with_epilogue(bool bias, const UnaryFunction* activation,
                                                const UnaryParameters& parameters) const;

  std::string_view name() const override { return name_; }
  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool> needed) const override;
  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const override;
  Kernel bind(const Binding& binding) const override;

 private:
  backend::MatmulShape shape_of(const Shape& a, const Shape& b) const;

  MatmulOptions options_;
  backend::Epilogue epilogue_;
  std::string name_;
};

// a (..., k) times b (k, n) gives (..., n): the leading axes of a are kept and count as rows.
// transpose_b: b is (n, k). transpose_a: a is (..., m), b (..., n) with the same number of rows; gives (m, n).
ValueId matmul(Graph& graph, ValueId a, ValueId b, const MatmulOptions& options = {});

}  // namespace evenflow::ops
