#include "evenflow/graph/ops/gradient_scale.h"

#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/binary.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

// Inputs: x, factor.
class GradientScale : public Operator {
 public:
  std::string_view name() const override { return "gradient_scale"; }
  bool is_view() const override { return true; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 2);
    if (inputs[1].shape.rank() != 0) {
      fail(ErrorKind::shape, "gradient_scale: the factor must be a scalar, not {}", to_string(inputs[1].shape));
    }
    return {inputs[0]};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    return {multiply(graph, output_gradients[0], node.inputs[1]), {}};
  }

  Kernel bind(const Binding&) const override {
    return [] {};
  }
};

}  // namespace

ValueId gradient_scale(Graph& graph, ValueId x, ValueId factor) {
  return graph.add1(std::make_shared<GradientScale>(), {x, factor});
}

}  // namespace evenflow::ops
