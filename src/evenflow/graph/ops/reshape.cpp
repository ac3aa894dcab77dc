#include "evenflow/graph/ops/reshape.h"

#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

class Reshape : public Operator {
 public:
  explicit Reshape(const Shape& shape) : shape_(shape) {}

  std::string_view name() const override { return "reshape"; }
  bool is_view() const override { return true; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    if (inputs[0].shape.count() != shape_.count()) {
      fail(ErrorKind::shape, "reshape: {} elements of shape {} do not make the shape {}", inputs[0].shape.count(),
           to_string(inputs[0].shape), to_string(shape_));
    }
    return {{shape_}};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    return {reshape(graph, output_gradients[0], graph.shape(node.inputs[0]))};
  }

  Kernel bind(const Binding&) const override {
    return [] {};
  }

 private:
  Shape shape_;
};

}  // namespace

ValueId reshape(Graph& graph, ValueId x, Shape shape) {
  return graph.shape(x) == shape ? x : graph.add1(std::make_shared<Reshape>(shape), {x});
}

}  // namespace evenflow::ops
