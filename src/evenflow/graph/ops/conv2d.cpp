#include "evenflow/graph/ops/conv2d.h"

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

backend::Conv2dShape conv_shape(const Conv2dOptions& options, const Shape& x, const Shape& kernel) {
  return {.batch = x[0],
          .height = x[1],
          .width = x[2],
          .channels = x[3],
          .filters = kernel[3],
          .kernel_height = kernel[0],
          .kernel_width = kernel[1],
          .stride_height = options.strides[0],
          .stride_width = options.strides[1],
          .dilation_height = options.dilation[0],
          .dilation_width = options.dilation[1],
          .groups = options.groups,
          .pad_top = options.pads[0],
          .pad_bottom = options.pads[1],
          .pad_left = options.pads[2],
          .pad_right = options.pads[3]};
}

// How many places a dilated kernel has in a padded extent; none gives 0 or less.
std::int64_t places(std::int64_t extent, std::int64_t kernel, std::int64_t stride, std::int64_t dilation) {
  const std::int64_t reach = dilation * (kernel - 1) + 1;
  return extent < reach ? 0 : (extent - reach) / stride + 1;
}

void require_options(const Conv2dOptions& options) {
  for (const std::int64_t pad : options.pads) {
    if (pad < 0) fail(ErrorKind::shape, "conv2d: a padding of {} is negative", pad);
  }
  for (const std::int64_t step : {options.strides[0], options.strides[1], options.dilation[0], options.dilation[1]}) {
    if (step < 1) fail(ErrorKind::shape, "conv2d: a stride or dilation of {} is not positive", step);
  }
}

Shape conv_result(const Conv2dOptions& options, const Shape& x, const Shape& kernel) {
  if (x.rank() != 4 || kernel.rank() != 4) {
    fail(ErrorKind::shape,
         "conv2d: takes images (batch, height, width, channels) and a kernel (height, width, channels "
         "/ groups, filters), not {} and {}",
         to_string(x), to_string(kernel));
  }
  if (options.groups < 1 || x[3] != kernel[2] * options.groups || kernel[3] % options.groups != 0) {
    fail(ErrorKind::shape, "conv2d: images {} and kernel {} do not fit together in {} groups", to_string(x),
         to_string(kernel), options.groups);
  }
  require_options(options);
  const auto [top, bottom, left, right] = options.pads;
  const std::int64_t height = places(x[1] + top + bottom, kernel[0], options.strides[0], options.dilation[0]);
  const std::int64_t width = places(x[2] + left + right, kernel[1], options.strides[1], options.dilation[1]);
  if (height < 1 || width < 1) {
    fail(ErrorKind::shape,
         "conv2d: the kernel {} (dilation {}, {}) is larger than the images {} padded by {}, {}, {}, {}",
         to_string(kernel), options.dilation[0], options.dilation[1], to_string(x), top, bottom, left, right);
  }
  return {x[0], height, width, kernel[3]};
}

void require_result(std::string_view operation, const Conv2dOptions& options, const Shape& x, const Shape& kernel,
                    const Shape& y) {
  require_same_shape(operation, conv_result(options, x, kernel), y);
}

// Inputs: x, dy. Output: dkernel.
class Conv2dKernelGradient : public Operator {
 public:
  Conv2dKernelGradient(const Conv2dOptions& options, const Shape& kernel) : options_(options), kernel_(kernel) {}

  std::string_view name() const override { return "conv2d_kernel_gradient"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 2);
    require_result(name(), options_, inputs[0].shape, kernel_, inputs[1].shape);
    return {{kernel_}};
  }

  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const override {
    return backend::plan_conv2d_kernel_gradient(conv_shape(options_, inputs[0].shape, kernel_)).scratch_bytes;
  }

  Kernel bind(const Binding& binding) const override {
    return [run = backend::plan_conv2d_kernel_gradient(conv_shape(options_, binding.inputs[0].type.shape, kernel_)).run,
            x = binding.inputs[0].f32(), dy = binding.inputs[1].f32(), dkernel = binding.outputs[0].f32(),
            scratch = binding.scratch] { run(x, dy, nullptr, dkernel, scratch); };
  }

 private:
  Conv2dOptions options_;
  Shape kernel_;
};

// Inputs: dy, kernel. Output: dx.
class Conv2dInputGradient : public Operator {
 public:
  Conv2dInputGradient(const Conv2dOptions& options, const Shape& x) : options_(options), x_(x) {}

  std::string_view name() const override { return "conv2d_input_gradient"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 2);
    require_result(name(), options_, x_, inputs[1].shape, inputs[0].shape);
    return {{x_}};
  }

  // It is linear in dy and in the kernel, so its gradients are the convolution and that one's own kernel gradient.
  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool> needed) const override {
    const ValueId dx = output_gradients[0];
    const ValueId kernel = node.inputs[1];
    ValueId by_dy;
    ValueId by_kernel;
    if (needed[0]) by_dy = conv2d(graph, dx, kernel, options_);
    if (needed[1]) {
      by_kernel =
          graph.add1(std::make_shared<Conv2dKernelGradient>(options_, graph.shape(kernel)), {dx, node.inputs[0]});
    }
    return {by_dy, by_kernel};
  }

  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const override {
    return backend::plan_conv2d_input_gradient(conv_shape(options_, x_, inputs[1].shape)).scratch_bytes;
  }

  Kernel bind(const Binding& binding) const override {
    return [run = backend::plan_conv2d_input_gradient(conv_shape(options_, x_, binding.inputs[1].type.shape)).run,
            dy = binding.inputs[0].f32(), kernel = binding.inputs[1].f32(), dx = binding.outputs[0].f32(),
            scratch = binding.scratch] { run(dy, kernel, nullptr, dx, scratch); };
  }

 private:
  Conv2dOptions options_;
  Shape x_;
};

}  // namespace

Conv2d::Conv2d(const Conv2dOptions& options, const backend::Epilogue& epilogue)
    : options_(options), epilogue_(epilogue), name_(epilogue_name("conv2d", epilogue)) {}

std::shared_ptr<const Operator> Conv2d::with_epilogue(bool bias, const UnaryFunction* activation,
                                                      const UnaryParameters& parameters) const {
  return std::make_shared<Conv2d>(options_,
                                  backend::Epilogue{.bias = bias, .activation = activation, .parameters = parameters});
}

std::vector<ValueType> Conv2d::infer(std::span<const ValueType> inputs) const {
  require_float32(name(), inputs, epilogue_.bias ? 3 : 2);
  const Shape result = conv_result(options_, inputs[0].shape, inputs[1].shape);
  if (epilogue_.bias) require_same_shape("conv2d's bias", inputs[2].shape, Shape{result[3]});
  return {{result}};
}

std::vector<ValueId> Conv2d::gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                      std::span<const bool> needed) const {
  if (epilogue_.bias || epilogue_.activation != nullptr) {
    fail(ErrorKind::internal, "{}: a fused node has no gradient", name());
  }
  const ValueId x = node.inputs[0];
  const ValueId kernel = node.inputs[1];
  const ValueId dy = output_gradients[0];
  ValueId dx;
  ValueId dkernel;
  if (needed[0]) {
    dx = graph.add1(std::make_shared<Conv2dInputGradient>(options_, graph.shape(x)), {dy, kernel});
  }
  if (needed[1]) {
    dkernel = graph.add1(std::make_shared<Conv2dKernelGradient>(options_, graph.shape(kernel)), {x, dy});
  }
  return {dx, dkernel};
}

std::size_t Conv2d::scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const {
  return backend::plan_conv2d(conv_shape(options_, inputs[0].shape, inputs[1].shape), epilogue_).scratch_bytes;
}

Kernel Conv2d::bind(const Binding& binding) const {
  const auto& in = binding.inputs;
  return [run = backend::plan_conv2d(conv_shape(options_, in[0].type.shape, in[1].type.shape), epilogue_).run,
          x = in[0].f32(), kernel = in[1].f32(), bias = epilogue_.bias ? in[2].f32() : nullptr,
          y = binding.outputs[0].f32(), scratch = binding.scratch] { run(x, kernel, bias, y, scratch); };
}

ValueId conv2d(Graph& graph, ValueId x, ValueId kernel, const Conv2dOptions& options) {
  return graph.add1(std::make_shared<Conv2d>(options), {x, kernel});
}

ValueId conv2d_transpose(Graph& graph, ValueId x, ValueId kernel, std::int64_t height, std::int64_t width,
                         const Conv2dOptions& options) {
  const Shape from = graph.shape(x);
  const Shape weights = graph.shape(kernel);
  if (from.rank() != 4 || weights.rank() != 4) {
    fail(ErrorKind::shape, "conv2d_transpose: takes images and a kernel of 4 axes, not {} and {}", to_string(from),
         to_string(weights));
  }
  const Shape to{from[0], height, width, weights[2] * options.groups};
  return graph.add1(std::make_shared<Conv2dInputGradient>(options, to), {x, kernel});
}

}  // namespace evenflow::ops
