#include "evenflow/graph/ops/batched_matmul.h"

#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

class BatchedMatMul : public Operator {
 public:
  explicit BatchedMatMul(const MatmulOptions& options) : options_(options) {}

  std::string_view name() const override { return "batched_matmul"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 2);
    const Shape& a = inputs[0].shape;
    const Shape& b = inputs[1].shape;
    const bool fits = a.rank() >= 2 && a.rank() == b.rank() && leading(a) == leading(b) &&
                      a[options_.transpose_a ? -2 : -1] == b[options_.transpose_b ? -1 : -2];
    if (!fits) {
      fail(ErrorKind::shape, "batched_matmul: {}{} cannot be multiplied by {}{}", to_string(a),
           options_.transpose_a ? " transposed" : "", to_string(b), options_.transpose_b ? " transposed" : "");
    }
    const backend::MatmulShape product = shape_of(a, b);
    return {{concatenate(leading(a), Shape{product.m, product.n})}};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool> needed) const override {
    const ValueId a = node.inputs[0];
    const ValueId b = node.inputs[1];
    const ValueId dy = output_gradients[0];
    const bool ta = options_.transpose_a;
    const bool tb = options_.transpose_b;
    ValueId da;
    ValueId db;
    if (needed[0]) {
      da = ta ? batched_matmul(graph, b, dy, {.transpose_a = tb, .transpose_b = true})
              : batched_matmul(graph, dy, b, {.transpose_b = !tb});
    }
    if (needed[1]) {
      db = tb ? batched_matmul(graph, dy, a, {.transpose_a = true, .transpose_b = ta})
              : batched_matmul(graph, a, dy, {.transpose_a = !ta});
    }
    return {da, db};
  }

  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const override {
    return plan(inputs[0].shape, inputs[1].shape).scratch_bytes;
  }

  Kernel bind(const Binding& binding) const override {
    const auto& in = binding.inputs;
    return [run = plan(in[0].type.shape, in[1].type.shape).run, a = in[0].f32(), b = in[1].f32(),
            y = binding.outputs[0].f32(), scratch = binding.scratch] { run(a, b, nullptr, y, scratch); };
  }

 private:
  static Shape leading(const Shape& shape) { return shape.slice(0, shape.rank() - 2); }

  backend::MatmulShape shape_of(const Shape& a, const Shape& b) const {
    return {.m = a[options_.transpose_a ? -1 : -2],
            .n = b[options_.transpose_b ? -2 : -1],
            .k = a[options_.transpose_a ? -2 : -1],
            .transpose_a = options_.transpose_a,
            .transpose_b = options_.transpose_b};
  }

  backend::Plan plan(const Shape& a, const Shape& b) const {
    return backend::plan_batched_matmul(leading(a).count(), shape_of(a, b));
  }

  MatmulOptions options_;
};

}  // namespace

ValueId batched_matmul(Graph& graph, ValueId a, ValueId b, const MatmulOptions& options) {
  return graph.add1(std::make_shared<BatchedMatMul>(options), {a, b});
}

}  // namespace evenflow::ops
