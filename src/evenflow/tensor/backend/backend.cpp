#include "evenflow/tensor/backend/backend.h"

#include "evenflow/base/text.h"
#include "evenflow/tensor/backend/max_pool.h"
#include "evenflow/tensor/backend/onednn.h"
#include "evenflow/tensor/backend/small_matmul.h"

namespace evenflow::backend {
namespace {

// Multiplications up to which our own kernel on one thread is faster than a call of the library on all (measured:
// bench/kernels.cpp).
constexpr std::int64_t kSmallProduct = 80 * 80 * 80;

}  // namespace

Plan plan_matmul(const MatmulShape& shape, const Epilogue& epilogue) {
  if (shape.m < 1 || shape.n < 1 || shape.k < 1)
    fail(ErrorKind::internal, "a matrix product of ({}, {}) and ({}, {})", shape.m, shape.k, shape.k, shape.n);
  return shape.m * shape.n * shape.k <= kSmallProduct ? plan_small_matmul(shape, epilogue)
                                                      : onednn::plan_matmul(shape, epilogue);
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
