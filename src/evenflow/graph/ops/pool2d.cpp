#include "evenflow/graph/ops/pool2d.h"

#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

backend::Pool2dShape pool_shape(const Pool2dOptions& options, const Shape& x) {
  return {.kind = options.kind,
          .batch = x[0],
          .height = x[1],
          .width = x[2],
          .channels = x[3],
          .pool_height = options.window[0],
          .pool_width = options.window[1],
          .stride_height = options.strides[0],
          .stride_width = options.strides[1],
          .pad_top = options.pads[0],
          .pad_bottom = options.pads[1],
          .pad_left = options.pads[2],
          .pad_right = options.pads[3]};
}

// A window must always hold a real element, so no pad may be as large as the window.
void require_options(const Pool2dOptions& options) {
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t window = options.window[axis];
    const std::int64_t before = options.pads[2 * axis];
    const std::int64_t after = options.pads[2 * axis + 1];
    if (window < 1 || options.strides[axis] < 1) {
      fail(ErrorKind::shape, "pool2d: a window of {} with stride {} is not possible", window, options.strides[axis]);
    }
    if (before < 0 || after < 0 || before >= window || after >= window) {
      fail(ErrorKind::shape, "pool2d: paddings of {} and {} do not fit a window of {}", before, after, window);
    }
  }
}

Shape pool_result(const Pool2dOptions& options, const Shape& x) {
  require_options(options);
  if (x.rank() != 4) {
    fail(ErrorKind::shape, "pool2d: takes images (batch, height, width, channels), not {}", to_string(x));
  }
  const std::int64_t height = x[1] + options.pads[0] + options.pads[1] - options.window[0];
  const std::int64_t width = x[2] + options.pads[2] + options.pads[3] - options.window[1];
  if (height < 0 || width < 0) {
    fail(ErrorKind::shape, "pool2d: a window of ({}, {}) is larger than the images {}", options.window[0],
         options.window[1], to_string(x));
  }
  return {x[0], height / options.strides[0] + 1, width / options.strides[1] + 1, x[3]};
}

// Inputs: x, dy. Output: dx.
class Pool2dGradient : public Operator {
 public:
  explicit Pool2dGradient(const Pool2dOptions& options) : options_(options) {}

  std::string_view name() const override { return "pool2d_gradient"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 2);
    require_same_shape(name(), pool_result(options_, inputs[0].shape), inputs[1].shape);
    return {inputs[0]};
  }

  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const override {
    return backend::plan_pool2d_gradient(pool_shape(options_, inputs[0].shape)).scratch_bytes;
  }

  Kernel bind(const Binding& binding) const override {
    return [run = backend::plan_pool2d_gradient(pool_shape(options_, binding.inputs[0].type.shape)).run,
            x = binding.inputs[0].f32(), dy = binding.inputs[1].f32(), dx = binding.outputs[0].f32(),
            scratch = binding.scratch] { run(x, dy, nullptr, dx, scratch); };
  }

 private:
  Pool2dOptions options_;
};

class Pool2d : public Operator {
 public:
  explicit Pool2d(const Pool2dOptions& options) : options_(options) {}

  std::string_view name() const override {
    return options_.kind == backend::Pooling::maximum ? "max_pool2d" : "average_pool2d";
  }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    return {{pool_result(options_, inputs[0].shape)}};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    return {graph.add1(std::make_shared<Pool2dGradient>(options_), {node.inputs[0], output_gradients[0]})};
  }

  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const override {
    return backend::plan_pool2d(pool_shape(options_, inputs[0].shape)).scratch_bytes;
  }

  Kernel bind(const Binding& binding) const override {
    return [run = backend::plan_pool2d(pool_shape(options_, binding.inputs[0].type.shape)).run,
            x = binding.inputs[0].f32(), y = binding.outputs[0].f32(),
            scratch = binding.scratch] { run(x, nullptr, nullptr, y, scratch); };
  }

 private:
  Pool2dOptions options_;
};

}  // namespace

ValueId pool2d(Graph& graph, ValueId x, const Pool2dOptions& options) {
  return graph.add1(std::make_shared<Pool2d>(options), {x});
}

}  // namespace evenflow::ops
