// Softmax and its logarithm of the rows of a matrix, with their derivatives. Rows are independent of each other, so
// results do not depend on the number of threads. No function allocates; arrays may coincide exactly.
#pragma once

#include <cstddef>

namespace evenflow::kernels {

// The row's maximum is subtracted first. A NaN or +infinity makes its whole row NaN.
void softmax(const float* x, float* y, std::size_t rows, std::size_t columns);
void log_softmax(const float* x, float* y, std::size_t rows, std::size_t columns);
// From the results y: dx = y (dy - sum(dy y)) and dx = dy - exp(y) sum(dy).
void softmax_gradient(const float* y, const float* dy, float* dx, std::size_t rows, std::size_t columns);
void log_softmax_gradient(const float* y, const float* dy, float* dx, std::size_t rows, std::size_t columns);

}  // namespace evenflow::kernels
