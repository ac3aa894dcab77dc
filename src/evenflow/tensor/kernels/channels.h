// Loops over the rows of a matrix whose columns are channels: batch normalization's sums and what is made of them.
#pragma once

#include <cstddef>

namespace evenflow::kernels {

// With d = x - pivot: sum[c] += d, squares[c] += d^2 over the rows. A pivot near the mean keeps the squares exact.
// Some rows are added in float32 before they go to float64: an error of some 1e-6 of the sum of magnitudes.
void add_channel_moments(const float* x, const float* pivot, std::size_t rows, std::size_t channels, double* sum,
                         double* squares);

// With n = (x - mean) inverse: sum[c] += dy, products[c] += dy n.
void add_channel_products(const float* x, const float* dy, const float* mean, const float* inverse, std::size_t rows,
                          std::size_t channels, double* sum, double* products);

// y = (x - mean[c]) scale[c] + shift[c]
void normalize_channels(const float* x, const float* mean, const float* scale, const float* shift, std::size_t rows,
                        std::size_t channels, float* y);

// dx = factor[c] dy - constant[c] - (x - mean[c]) slope[c]
void normalize_channels_gradient(const float* x, const float* dy, const float* mean, const float* factor,
                                 const float* constant, const float* slope, std::size_t rows, std::size_t channels,
                                 float* dx);

}  // namespace evenflow::kernels
