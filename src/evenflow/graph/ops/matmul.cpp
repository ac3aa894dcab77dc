#include "evenflow/graph/ops/matmul.h"

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/reshape.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {

MatMul::MatMul(const MatmulOptions& options, const backend::Epilogue& epilogue)
    : options_(options), epilogue_(epilogue), name_(epilogue_name("matmul", epilogue)) {}

std::shared_ptr<const Operator> MatMul::with_epilogue(bool bias, const UnaryFunction* activation,
                                                      const UnaryParameters& parameters) const {
  return std::make_shared<MatMul>(options_,
                                  backend::Epilogue{.bias = bias, .activation = activation, .parameters = parameters});
}

backend::MatmulShape MatMul::shape_of(const Shape& a, const Shape& b) const {
  return {.m = options_.transpose_a ? a.back() : row_count(a),
          .n = options_.transpose_b ? row_count(b) : b.back(),
          .k = options_.transpose_a ? row_count(a) : a.back(),
          .transpose_a = options_.transpose_a,
          .transpose_b = options_.transpose_b};
}

std::vector<ValueType> MatMul::infer(std::span<const ValueType> inputs) const {
  require_float32(name(), inputs, epilogue_.bias ? 3 : 2);
  const Shape& a = inputs[0].shape;
  const Shape& b = inputs[1].shape;
  const bool fits =
      a.rank() >= 1 && (options_.transpose_a ? b.rank() >= 1 : b.rank() == 2) &&
      (options_.transpose_a ? row_count(a) : a.back()) == (options_.transpose_b ? b.back() : row_count(b));
  if (!fits) {
    fail(ErrorKind::shape, "matmul: {}{} cannot be multiplied by {}{}", to_string(a),
         options_.transpose_a ? " transposed" : "", to_string(b), options_.transpose_b ? " transposed" : "");
  }
  const backend::MatmulShape shape = shape_of(a, b);
  if (epilogue_.bias) require_same_shape("matmul's bias", inputs[2].shape, Shape{shape.n});
  return {{options_.transpose_a ? Shape{shape.m, shape.n} : a.with(a.rank() - 1, shape.n)}};
}

std::vector<ValueId> MatMul::gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                      std::span<const bool> needed) const {
  if (epilogue_.bias || epilogue_.activation != nullptr) {
    fail(ErrorKind::internal, "{}: a fused node has no gradient", name());
  }
  const ValueId a = node.inputs[0];
  const ValueId b = node.inputs[1];
  const ValueId dy = output_gradients[0];
  const bool ta = options_.transpose_a;
  const bool tb = options_.transpose_b;
  ValueId da;
  ValueId db;
  if (needed[0]) {
    da = ta ? matmul(graph, b, dy, {.transpose_a = tb, .transpose_b = true})
            : matmul(graph, dy, b, {.transpose_b = !tb});
    da = reshape(graph, da, graph.shape(a));
  }
  if (needed[1]) {
    db = tb ? matmul(graph, dy, a, {.transpose_a = true, .transpose_b = ta})
            : matmul(graph, a, dy, {.transpose_a = !ta});
    db = reshape(graph, db, graph.shape(b));
  }
  return {da, db};
}

std::size_t MatMul::scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const {
  return backend::plan_matmul(shape_of(inputs[0].shape, inputs[1].shape), epilogue_).scratch_bytes;
}

Kernel MatMul::bind(const Binding& binding) const {
  const auto& in = binding.inputs;
  return [run = backend::plan_matmul(shape_of(in[0].type.shape, in[1].type.shape), epilogue_).run, a = in[0].f32(),
          b = in[1].f32(), bias = epilogue_.bias ? in[2].f32() : nullptr, y = binding.outputs[0].f32(),
          scratch = binding.scratch] { run(a, b, bias, y, scratch); };
}

ValueId matmul(Graph& graph, ValueId a, ValueId b, const MatmulOptions& options) {
  return graph.add1(std::make_shared<MatMul>(options), {a, b});
}

}  // namespace evenflow::ops
