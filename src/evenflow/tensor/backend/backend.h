// Matrix product, convolution and pooling: planned once for fixed shapes and settings, then run.
// Two implementations of each: `naive` (the obvious loops, for tests) and oneDNN (small matrix products: our own
// vector kernel, since a library call costs more than they do). Everything is float32, row-major, NHWC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "evenflow/tensor/kernels/unary.h"

namespace evenflow::backend {

// What is done to a result while it is still in the cache.
struct Epilogue {
  bool bias = false;                          // add a row of `n` (matmul) or `channels` numbers
  const UnaryFunction* activation = nullptr;  // then apply this
  UnaryParameters parameters{};
  bool accumulate = false;  // add to what the output holds instead of replacing it
};

// C(m, n) = A(m, k) B(k, n); `transpose_a` says that A is stored as (k, m), `transpose_b` that B is stored as (n, k).
struct MatmulShape {
  std::int64_t m = 0, n = 0, k = 0;
  bool transpose_a = false, transpose_b = false;
};
struct Conv2dShape {
  std::int64_t batch = 0, height = 0, width = 0, channels = 0;  // input
  std::int64_t filters = 0, kernel_height = 0,
               kernel_width = 0;  // kernel (kernel_height, kernel_width, channels / groups, filters)
  std::int64_t stride_height = 1, stride_width = 1, dilation_height = 1, dilation_width = 1, groups = 1;
  std::int64_t pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;
  std::int64_t output_height() const;
  std::int64_t output_width() const;
};
enum class Pooling : std::uint8_t { maximum, average };  // average divides by the real elements in the window
struct Pool2dShape {
  Pooling kind = Pooling::maximum;
  std::int64_t batch = 0, height = 0, width = 0, channels = 0;
  std::int64_t pool_height = 1, pool_width = 1, stride_height = 1, stride_width = 1;
  std::int64_t pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;
  std::int64_t output_height() const;
  std::int64_t output_width() const;
};

// A planned computation. `scratch` must hold scratch_bytes bytes, 64-byte aligned, at each call. run() may be called
// again and again, by one thread at a time. Throws Error(internal) if the library fails.
struct Plan {
  using Run = std::function<void(const float* a, const float* b, const float* bias, float* c, std::byte* scratch)>;
  Run run;
  std::size_t scratch_bytes = 0;
};

// Arguments of run: (A, B, bias, C).
Plan plan_matmul(const MatmulShape& shape, const Epilogue& epilogue);
// `batch` products of one shape whose operands lie one behind the other. The same for any number of threads.
Plan plan_batched_matmul(std::int64_t batch, const MatmulShape& shape);
// (input, kernel, bias, output).
Plan plan_conv2d(const Conv2dShape& shape, const Epilogue& epilogue);
// (output gradient, kernel, null, input gradient).
Plan plan_conv2d_input_gradient(const Conv2dShape& shape);
// (input, output gradient, null, kernel gradient).
Plan plan_conv2d_kernel_gradient(const Conv2dShape& shape);
// (input, null, null, output).
Plan plan_pool2d(const Pool2dShape& shape);
// (input, output gradient, null, input gradient). Of several maxima in a window the first in scan order gets all.
Plan plan_pool2d_gradient(const Pool2dShape& shape);

namespace naive {
Plan plan_matmul(const MatmulShape& shape, const Epilogue& epilogue);
Plan plan_conv2d(const Conv2dShape& shape, const Epilogue& epilogue);
Plan plan_conv2d_input_gradient(const Conv2dShape& shape);
Plan plan_conv2d_kernel_gradient(const Conv2dShape& shape);
Plan plan_pool2d(const Pool2dShape& shape);
Plan plan_pool2d_gradient(const Pool2dShape& shape);
}  // namespace naive

}  // namespace evenflow::backend
