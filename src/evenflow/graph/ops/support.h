// What operators share: checks of arguments, sums in a fixed order. Not for users of operators.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "evenflow/base/threads.h"
#include "evenflow/graph.h"
#include "evenflow/tensor/backend/backend.h"

namespace evenflow::ops {

// Elements that are worth a thread of their own.
inline constexpr std::size_t kElementGrain = std::size_t{1} << 15;

// How many rows of `width` elements make a grain.
inline std::size_t row_grain(std::size_t width) {
  return std::max<std::size_t>(1, kElementGrain / std::max<std::size_t>(1, width));
}

// Throws Error(shape) if there are fewer or more inputs, or one is not float32.
void require_float32(std::string_view operation, std::span<const ValueType> inputs, std::size_t count);
// Throws Error(shape) that names both shapes if they differ.
void require_same_shape(std::string_view operation, const Shape& a, const Shape& b);
// The axis as a number in [0, rank); negative ones count from the last. Throws Error(shape).
int resolve_axis(std::string_view operation, int axis, const Shape& shape);

// The number behind a value that is a constant of one element.
std::optional<float> constant_scalar(const Graph& graph, ValueId id);

// "matmul+bias+relu"
std::string epilogue_name(std::string_view operation, const backend::Epilogue& epilogue);

// Rows and columns of a value seen as a matrix: the last axis is the columns.
inline std::int64_t row_count(const Shape& shape) {
  return shape.count(0, shape.rank() - 1);
}

// Sums that do not depend on the number of threads: body(begin, end) gives the sum of one block of fixed size, and the
// blocks are added in order. `partial` holds sum_blocks(count) numbers.
inline constexpr std::size_t kSumBlock = 8192;
inline std::size_t sum_blocks(std::size_t count) {
  return (count + kSumBlock - 1) / kSumBlock;
}

template <class Partial, class Body>
void for_each_block(std::size_t count, Partial* partial, const Body& body) {
  parallel_for(sum_blocks(count), 1, [&](std::size_t first, std::size_t last) {
    for (std::size_t b = first; b < last; ++b) partial[b] = body(b * kSumBlock, std::min(count, (b + 1) * kSumBlock));
  });
}

template <class Body>
double blockwise_sum(std::size_t count, double* partial, const Body& body) {
  for_each_block(count, partial, body);
  double total = 0;
  for (std::size_t b = 0; b < sum_blocks(count); ++b) total += partial[b];
  return total;
}

}  // namespace evenflow::ops
