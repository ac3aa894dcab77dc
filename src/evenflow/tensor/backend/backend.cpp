#include "evenflow/tensor/backend/backend.h"

#include <algorithm>

#include "evenflow/base/text.h"
#include "evenflow/base/threads.h"
#include "evenflow/tensor/backend/max_pool.h"
#include "evenflow/tensor/backend/onednn.h"
#include "evenflow/tensor/backend/small_matmul.h"

namespace evenflow::backend {
namespace {

// Multiplications up to which our own kernel on one thread is faster than a call of the library on all (measured:
// bench/kernels.cpp).
constexpr std::int64_t kSmallProduct = 80 * 80 * 80;
// Numbers in the operands of one of many products up to which each is left to one thread: they fit its second cache.
constexpr std::int64_t kCachedOperands = std::int64_t{1} << 18;
// Parts of a batch, each with scratch memory of its own.
constexpr std::int64_t kMostParts = 64;

// The products one after the other, each by all threads.
Plan plan_products_in_turn(std::int64_t batch, const MatmulShape& s) {
  const Plan one = plan_matmul(s, {});
  return {.run =
              [=, run = one.run](const float* a, const float* b, const float*, float* c, std::byte* scratch) {
                for (std::int64_t i = 0; i < batch; ++i) {
                  run(a + i * s.m * s.k, b + i * s.k * s.n, nullptr, c + i * s.m * s.n, scratch);
                }
              },
          .scratch_bytes = one.scratch_bytes};
}

// The products side by side, each by one thread.
Plan plan_products_in_parallel(std::int64_t batch, const MatmulShape& s) {
  const Plan one = plan_small_matmul(s, {});
  const std::int64_t parts = std::min(batch, kMostParts);
  const std::size_t bytes = (one.scratch_bytes + 63) / 64 * 64;
  const auto grain = static_cast<std::size_t>(1 + parts * kSmallProduct / (batch * s.m * s.n * s.k));
  return {.run =
              [=, run = one.run](const float* a, const float* b, const float*, float* c, std::byte* scratch) {
                parallel_for(static_cast<std::size_t>(parts), grain, [&](std::size_t first, std::size_t last) {
                  const std::int64_t end = batch * static_cast<std::int64_t>(last) / parts;
                  for (std::int64_t i = batch * static_cast<std::int64_t>(first) / parts; i < end; ++i) {
                    run(a + i * s.m * s.k, b + i * s.k * s.n, nullptr, c + i * s.m * s.n, scratch + first * bytes);
                  }
                });
              },
          .scratch_bytes = static_cast<std::size_t>(parts) * bytes};
}

}  // namespace

Plan plan_matmul(const MatmulShape& shape, const Epilogue& epilogue) {
  if (shape.m < 1 || shape.n < 1 || shape.k < 1)
    fail(ErrorKind::internal, "a matrix product of ({}, {}) and ({}, {})", shape.m, shape.k, shape.k, shape.n);
  return shape.m * shape.n * shape.k <= kSmallProduct ? plan_small_matmul(shape, epilogue)
                                                      : onednn::plan_matmul(shape, epilogue);
}

Plan plan_batched_matmul(std::int64_t batch, const MatmulShape& s) {
  if (batch < 1 || s.m < 1 || s.n < 1 || s.k < 1)
    fail(ErrorKind::internal, "{} matrix products of ({}, {}) and ({}, {})", batch, s.m, s.k, s.k, s.n);
  const bool cached = s.m * s.k + s.k * s.n + s.m * s.n <= kCachedOperands;
  return cached ? plan_products_in_parallel(batch, s) : plan_products_in_turn(batch, s);
}

Plan plan_conv2d(const Conv2dShape& shape, const Epilogue& epilogue) {
  return onednn::plan_conv2d(shape, epilogue);
}
Plan plan_conv2d_input_gradient(const Conv2dShape& shape) {
  return onednn::plan_conv2d_input_gradient(shape);
}
Plan plan_conv2d_kernel_gradient(const Conv2dShape& shape) {
  return onednn::plan_conv2d_kernel_gradient(shape);
}

Plan plan_pool2d(const Pool2dShape& shape) {
  return shape.kind == Pooling::maximum ? plan_max_pool2d(shape) : onednn::plan_average_pool2d(shape);
}
Plan plan_pool2d_gradient(const Pool2dShape& shape) {
  return shape.kind == Pooling::maximum ? plan_max_pool2d_gradient(shape) : onednn::plan_average_pool2d_gradient(shape);
}

}  // namespace evenflow::backend
