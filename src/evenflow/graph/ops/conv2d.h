// Two-dimensional convolution (cross-correlation, as everybody calls it) of NHWC images.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "evenflow/graph.h"
#include "evenflow/tensor/backend/backend.h"

namespace evenflow::ops {

struct Conv2dOptions {
  std::array<std::int64_t, 2> strides{1, 1};   // height, width
  std::array<std::int64_t, 2> dilation{1, 1};  // height, width
  std::int64_t groups = 1;
  std::array<std::int64_t, 4> pads{0, 0, 0, 0};  // top, bottom, left, right
};

class Conv2d : public Operator {
 public:
  explicit Conv2d(const Conv2dOptions& options, const backend::Epilogue& epilogue = {});

  const Conv2dOptions& options() const { return options_; }
  const backend::Epilogue& epilogue() const { return epilogue_; }
  // The same convolution that also adds a row of `filters` numbers (then the third input) and applies a function.
  std::shared_ptr<const Operator> with_epilogue(bool bias, const UnaryFunction* activation,
                                                const UnaryParameters& parameters) const;

  std::string_view name() const override { return name_; }
  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool> needed) const override;
  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const override;
  Kernel bind(const Binding& binding) const override;

 private:
  Conv2dOptions options_;
  backend::Epilogue epilogue_;
  std::string name_;
};

// x (batch, height, width, channels), kernel (kernel height, kernel width, channels / groups, filters); gives
// (batch, output height, output width, filters).
ValueId conv2d(Graph& graph, ValueId x, ValueId kernel, const Conv2dOptions& options = {});

// The transposed convolution: what conv2d with these options does to its input's gradient. x (batch, output height,
// output width, filters), kernel as above; gives (batch, height, width, channels), images that conv2d turns into x's
// shape.
ValueId conv2d_transpose(Graph& graph, ValueId x, ValueId kernel, std::int64_t height, std::int64_t width,
                         const Conv2dOptions& options = {});

}  // namespace evenflow::ops
