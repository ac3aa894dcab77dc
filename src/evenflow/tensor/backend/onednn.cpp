#include "evenflow/tensor/backend/onednn.h"

#include <dnnl.h>

#include <algorithm>
#include <dnnl.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "evenflow/base/text.h"
#include "evenflow/tensor/kernels/elementwise.h"

namespace evenflow::backend::onednn {
namespace {

using dnnl::algorithm;
using dnnl::memory;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::stream& stream() {
  static dnnl::stream in_order(engine());
  return in_order;
}

void check(dnnl_status_t status, const char* what) {
  if (status != dnnl_success)
    fail(ErrorKind::internal, "oneDNN: {} failed with status {}", what, static_cast<int>(status));
}

// Runs what builds primitives and turns oneDNN's exceptions into ours.
template <class Build>
Plan guarded(const char* what, const Build& build) {
  try {
    return build();
  } catch (const dnnl::error& error) {
    fail(ErrorKind::internal, "oneDNN: {}: {}", what, error.what());
  }
}

// A primitive with its arguments laid out once: at each run only the pointers change.
class Call {
 public:
  explicit Call(dnnl::primitive primitive) : primitive_(std::move(primitive)) {}

  // Returns the argument's index for `point`.
  std::size_t add(int argument, const memory::desc& desc) {
    memories_.emplace_back(desc, engine(), nullptr);
    arguments_.push_back({argument, memories_.back().get()});
    return memories_.size() - 1;
  }
  void point(std::size_t index, const void* data) const {
    check(dnnl_memory_set_data_handle_v2(memories_[index].get(), const_cast<void*>(data), stream().get()),
          "setting a pointer");
  }
  void run() const {
    check(dnnl_primitive_execute(primitive_.get(), stream().get(), static_cast<int>(arguments_.size()),
                                 arguments_.data()),
          "a primitive");
  }

 private:
  dnnl::primitive primitive_;
  std::vector<memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

// Our own layout of kernels, (height, width, in / groups, out), as oneDNN sees it: (groups,) out, in, height, width.
memory::desc kernel_desc(const Conv2dShape& s) {
  const memory::dim in = s.channels / s.groups;
  const memory::dim out = s.filters / s.groups;
  if (s.groups == 1)
    return {{out, in, s.kernel_height, s.kernel_width}, memory::data_type::f32, memory::format_tag::hwio};
  return {{s.groups, out, in, s.kernel_height, s.kernel_width},
          memory::data_type::f32,
          memory::dims{out, 1, s.filters, s.kernel_width * in * s.filters, in * s.filters}};
}

memory::desc any_layout(const memory::desc& desc) {
  return {desc.dims(), memory::data_type::f32, memory::format_tag::any};
}

memory::desc image_desc(std::int64_t batch, std::int64_t channels, std::int64_t height, std::int64_t width) {
  return {{batch, channels, height, width}, memory::data_type::f32, memory::format_tag::nhwc};
}

struct ConvDescs {
  explicit ConvDescs(const Conv2dShape& s)
      : input(image_desc(s.batch, s.channels, s.height, s.width)),
        output(image_desc(s.batch, s.filters, s.output_height(), s.output_width())),
        kernel(kernel_desc(s)),
        strides{s.stride_height, s.stride_width},
        dilation{s.dilation_height - 1, s.dilation_width - 1},
        before{s.pad_top, s.pad_left},
        // Windows that would start beyond the end leave some padding unused.
        after{s.pad_bottom, s.pad_right} {}
  memory::desc input, output, kernel;
  memory::dims strides, dilation, before, after;

  dnnl::convolution_forward::primitive_desc forward(const dnnl::primitive_attr& attr) const {
    return {dnnl::convolution_forward::desc(dnnl::prop_kind::forward_training, algorithm::convolution_direct, input,
                                            any_layout(kernel), output, strides, dilation, before, after),
            attr, engine()};
  }
};

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

std::size_t aligned(std::size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

// The kernel in the layout that a convolution wants: ours, or a copy in scratch that a reorder makes at each run.
class KernelLayout {
 public:
  // `reading`: from ours to theirs before the convolution; else from theirs to ours after it.
  KernelLayout(const memory::desc& ours, const memory::desc& theirs, bool reading)
      : bytes_(ours == theirs ? 0 : aligned(theirs.get_size())) {
    if (bytes_ == 0) return;
    const memory::desc& from = reading ? ours : theirs;
    const memory::desc& to = reading ? theirs : ours;
    reorder_ = std::make_unique<Call>(
        dnnl::reorder(dnnl::reorder::primitive_desc(engine(), from, engine(), to, user_scratchpad())));
    from_ = reorder_->add(DNNL_ARG_FROM, from);
    to_ = reorder_->add(DNNL_ARG_TO, to);
  }
  std::size_t scratch_bytes() const { return bytes_; }
  bool copies() const { return bytes_ > 0; }
  void copy(const void* from, void* to) const {
    reorder_->point(from_, from);
    reorder_->point(to_, to);
    reorder_->run();
  }

 private:
  std::size_t bytes_;
  std::unique_ptr<Call> reorder_;
  std::size_t from_ = 0;
  std::size_t to_ = 0;
};

// What follows the library's result: bias and activation, over the whole of it.
void finish(float* c, std::size_t rows, std::size_t columns, const float* bias, const Epilogue& epilogue) {
  if (bias != nullptr) kernels::add_row(c, bias, c, rows, columns);
  if (epilogue.activation != nullptr) epilogue.activation->forward(c, c, rows * columns, epilogue.parameters);
}

}  // namespace

Plan plan_matmul(const MatmulShape& s, const Epilogue& epilogue) {
  const char transpose_a = s.transpose_a ? 'T' : 'N';
  const char transpose_b = s.transpose_b ? 'T' : 'N';
  const dnnl_dim_t a_row = s.transpose_a ? s.m : s.k;
  const dnnl_dim_t b_row = s.transpose_b ? s.k : s.n;
  return {.run = [=](const float* a, const float* b, const float* bias, float* c, std::byte*) {
    check(dnnl_sgemm(transpose_a, transpose_b, s.m, s.n, s.k, 1.0f, a, a_row, b, b_row,
                     epilogue.accumulate ? 1.0f : 0.0f, c, s.n),
          "a matrix product");
    finish(c, static_cast<std::size_t>(s.m), static_cast<std::size_t>(s.n), epilogue.bias ? bias : nullptr, epilogue);
  }};
}

Plan plan_conv2d(const Conv2dShape& s, const Epilogue& epilogue) {
  return guarded("convolution", [&]() -> Plan {
    const ConvDescs descs(s);
    dnnl::primitive_attr attr = user_scratchpad();
    if (epilogue.accumulate) {
      dnnl::post_ops sum;
      sum.append_sum();
      attr.set_post_ops(sum);
    }
    const memory::desc bias_desc({s.filters}, memory::data_type::f32, memory::format_tag::x);
    // Together with a sum, oneDNN 2.6's brgconv forgets the bias in rows whose windows lie wholly in the padding.
    const bool their_bias = epilogue.bias && !epilogue.accumulate;
    const bool our_bias = epilogue.bias && !their_bias;
    using Forward = dnnl::convolution_forward;
    const auto pd = their_bias ? Forward::primitive_desc(
                                     Forward::desc(dnnl::prop_kind::forward_training, algorithm::convolution_direct,
                                                   descs.input, any_layout(descs.kernel), bias_desc, descs.output,
                                                   descs.strides, descs.dilation, descs.before, descs.after),
                                     attr, engine())
                               : descs.forward(attr);
    auto layout = std::make_shared<KernelLayout>(descs.kernel, pd.weights_desc(), true);
    auto call = std::make_shared<Call>(Forward(pd));
    const std::size_t input = call->add(DNNL_ARG_SRC, pd.src_desc());
    const std::size_t kernel = call->add(DNNL_ARG_WEIGHTS, pd.weights_desc());
    const std::size_t bias_at = their_bias ? call->add(DNNL_ARG_BIAS, bias_desc) : 0;
    const std::size_t output = call->add(DNNL_ARG_DST, pd.dst_desc());
    const std::size_t scratchpad = call->add(DNNL_ARG_SCRATCHPAD, pd.scratchpad_desc());
    const auto rows = static_cast<std::size_t>(s.batch * s.output_height() * s.output_width());
    const auto columns = static_cast<std::size_t>(s.filters);
    return {.run =
                [=](const float* x, const float* w, const float* bias, float* y, std::byte* scratch) {
                  if (layout->copies()) layout->copy(w, scratch);
                  call->point(input, x);
                  call->point(kernel, layout->copies() ? static_cast<const void*>(scratch) : w);
                  if (their_bias) call->point(bias_at, bias);
                  call->point(output, y);
                  call->point(scratchpad, scratch + layout->scratch_bytes());
                  call->run();
                  finish(y, rows, columns, our_bias ? bias : nullptr, epilogue);
                },
            .scratch_bytes = layout->scratch_bytes() + pd.scratchpad_desc().get_size()};
  });
}

Plan plan_conv2d_input_gradient(const Conv2dShape& s) {
  return guarded("convolution's input gradient", [&]() -> Plan {
    const ConvDescs descs(s);
    using Backward = dnnl::convolution_backward_data;
    const Backward::primitive_desc pd(
        Backward::desc(algorithm::convolution_direct, descs.input, any_layout(descs.kernel), descs.output,
                       descs.strides, descs.dilation, descs.before, descs.after),
        user_scratchpad(), engine(), descs.forward(user_scratchpad()));
    auto layout = std::make_shared<KernelLayout>(descs.kernel, pd.weights_desc(), true);
    auto call = std::make_shared<Call>(Backward(pd));
    const std::size_t output = call->add(DNNL_ARG_DIFF_DST, pd.diff_dst_desc());
    const std::size_t kernel = call->add(DNNL_ARG_WEIGHTS, pd.weights_desc());
    const std::size_t input = call->add(DNNL_ARG_DIFF_SRC, pd.diff_src_desc());
    const std::size_t scratchpad = call->add(DNNL_ARG_SCRATCHPAD, pd.scratchpad_desc());
    return {.run =
                [=](const float* dy, const float* w, const float*, float* dx, std::byte* scratch) {
                  if (layout->copies()) layout->copy(w, scratch);
                  call->point(output, dy);
                  call->point(kernel, layout->copies() ? static_cast<const void*>(scratch) : w);
                  call->point(input, dx);
                  call->point(scratchpad, scratch + layout->scratch_bytes());
                  call->run();
                },
            .scratch_bytes = layout->scratch_bytes() + pd.scratchpad_desc().get_size()};
  });
}

Plan plan_conv2d_kernel_gradient(const Conv2dShape& s) {
  return guarded("convolution's kernel gradient", [&]() -> Plan {
    const ConvDescs descs(s);
    using Backward = dnnl::convolution_backward_weights;
    const Backward::primitive_desc pd(
        Backward::desc(algorithm::convolution_direct, descs.input, any_layout(descs.kernel), descs.output,
                       descs.strides, descs.dilation, descs.before, descs.after),
        user_scratchpad(), engine(), descs.forward(user_scratchpad()));
    auto layout = std::make_shared<KernelLayout>(descs.kernel, pd.diff_weights_desc(), false);
    auto call = std::make_shared<Call>(Backward(pd));
    const std::size_t input = call->add(DNNL_ARG_SRC, pd.src_desc());
    const std::size_t output = call->add(DNNL_ARG_DIFF_DST, pd.diff_dst_desc());
    const std::size_t kernel = call->add(DNNL_ARG_DIFF_WEIGHTS, pd.diff_weights_desc());
    const std::size_t scratchpad = call->add(DNNL_ARG_SCRATCHPAD, pd.scratchpad_desc());
    return {.run =
                [=](const float* x, const float* dy, const float*, float* dw, std::byte* scratch) {
                  call->point(input, x);
                  call->point(output, dy);
                  call->point(kernel, layout->copies() ? static_cast<void*>(scratch) : dw);
                  call->point(scratchpad, scratch + layout->scratch_bytes());
                  call->run();
                  if (layout->copies()) layout->copy(scratch, dw);
                },
            .scratch_bytes = layout->scratch_bytes() + pd.scratchpad_desc().get_size()};
  });
}

namespace {

struct PoolDescs {
  explicit PoolDescs(const Pool2dShape& s)
      : input(image_desc(s.batch, s.channels, s.height, s.width)),
        output(image_desc(s.batch, s.channels, s.output_height(), s.output_width())),
        forward(dnnl::pooling_forward::desc(dnnl::prop_kind::forward_training, algorithm::pooling_avg_exclude_padding,
                                            input, output, strides(s), window(s), before(s), after(s)),
                user_scratchpad(), engine()) {}
  static memory::dims strides(const Pool2dShape& s) { return {s.stride_height, s.stride_width}; }
  static memory::dims window(const Pool2dShape& s) { return {s.pool_height, s.pool_width}; }
  static memory::dims before(const Pool2dShape& s) { return {s.pad_top, s.pad_left}; }
  static memory::dims after(const Pool2dShape& s) { return {s.pad_bottom, s.pad_right}; }
  memory::desc input, output;
  dnnl::pooling_forward::primitive_desc forward;
};

}  // namespace

Plan plan_average_pool2d(const Pool2dShape& s) {
  return guarded("average pooling", [&]() -> Plan {
    const PoolDescs descs(s);
    auto call = std::make_shared<Call>(dnnl::pooling_forward(descs.forward));
    const std::size_t input = call->add(DNNL_ARG_SRC, descs.input);
    const std::size_t output = call->add(DNNL_ARG_DST, descs.output);
    const std::size_t scratchpad = call->add(DNNL_ARG_SCRATCHPAD, descs.forward.scratchpad_desc());
    return {.run =
                [=](const float* x, const float*, const float*, float* y, std::byte* scratch) {
                  call->point(input, x);
                  call->point(output, y);
                  call->point(scratchpad, scratch);
                  call->run();
                },
            .scratch_bytes = descs.forward.scratchpad_desc().get_size()};
  });
}

Plan plan_average_pool2d_gradient(const Pool2dShape& s) {
  return guarded("average pooling's gradient", [&]() -> Plan {
    const PoolDescs descs(s);
    using Backward = dnnl::pooling_backward;
    const Backward::primitive_desc pd(
        Backward::desc(algorithm::pooling_avg_exclude_padding, descs.input, descs.output, PoolDescs::strides(s),
                       PoolDescs::window(s), PoolDescs::before(s), PoolDescs::after(s)),
        user_scratchpad(), engine(), descs.forward);
    auto call = std::make_shared<Call>(Backward(pd));
    const std::size_t output = call->add(DNNL_ARG_DIFF_DST, descs.output);
    const std::size_t input = call->add(DNNL_ARG_DIFF_SRC, descs.input);
    const std::size_t scratchpad = call->add(DNNL_ARG_SCRATCHPAD, pd.scratchpad_desc());
    return {.run =
                [=](const float*, const float* dy, const float*, float* dx, std::byte* scratch) {
                  call->point(output, dy);
                  call->point(input, dx);
                  call->point(scratchpad, scratch);
                  call->run();
                },
            .scratch_bytes = pd.scratchpad_desc().get_size()};
  });
}

}  // namespace evenflow::backend::onednn
