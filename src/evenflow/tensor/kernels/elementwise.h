// Vector loops over plain arrays. No function allocates; arrays may coincide exactly, never overlap in part.
#pragma once

#include <cstddef>
#include <cstdint>

namespace evenflow::kernels {

enum class BinaryOp : std::uint8_t { add, subtract, multiply, divide, maximum, minimum };

void binary(BinaryOp op, const float* a, const float* b, float* y, std::size_t count);
void binary_scalar(BinaryOp op, const float* a, float b, float* y, std::size_t count);        // y = a op b
void binary_scalar_first(BinaryOp op, float a, const float* b, float* y, std::size_t count);  // y = a op b
// y = factor * x
void scale(const float* x, float factor, float* y, std::size_t count);
// y += factor * x
void axpy(float factor, const float* x, float* y, std::size_t count);
void fill(float value, float* y, std::size_t count);

// Sums in float64, in an order that depends on count alone.
double sum(const float* x, std::size_t count);
double sum_of_squares(const float* x, std::size_t count);
// y[j] = sum over i of x[i * columns + j], accumulated in float64 over blocks of rows.
void column_sums(const float* x, std::size_t rows, std::size_t columns, float* y);
// y[i][j] = x[i][j] + bias[j]; x and y may be the same.
void add_row(const float* x, const float* bias, float* y, std::size_t rows, std::size_t columns);

// keep[i] = (uniform(seed, stream, step, begin + i) >= rate); y = keep ? x / (1 - rate) : 0. rate 1 gives zeros.
void dropout(const float* x, float* y, std::size_t begin, std::size_t count, float rate, std::uint64_t seed,
             std::uint64_t stream, std::uint64_t step);
// y = x + deviation * normal(seed, stream, step, begin + i)
void gaussian_noise(const float* x, float* y, std::size_t begin, std::size_t count, float deviation, std::uint64_t seed,
                    std::uint64_t stream, std::uint64_t step);

}  // namespace evenflow::kernels
