// The loop nest over a row-major result whose operands are addressed by strides: broadcasting and transposition.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "evenflow/base/threads.h"
#include "evenflow/graph/ops/support.h"
#include "evenflow/tensor.h"

namespace evenflow::ops {

// N operands; a stride of 0 repeats an operand. Axes that run together in all operands are merged, so rows get long.
template <std::size_t N>
class StridedLoop {
 public:
  using Offsets = std::array<std::int64_t, N>;

  // Axes are given outermost first.
  void push(std::int64_t extent, const Offsets& strides) {
    if (extent == 1) return;
    if (rank_ > 0) {
      Axis& outer = axes_[rank_ - 1];
      bool merges = true;
      for (std::size_t i = 0; i < N; ++i) merges = merges && outer.strides[i] == strides[i] * extent;
      if (merges) {
        outer = {outer.extent * extent, strides};
        return;
      }
    }
    axes_[rank_++] = {extent, strides};
  }

  std::size_t rows() const {
    std::int64_t count = 1;
    for (std::size_t axis = 0; axis + 1 < rank_; ++axis) count *= axes_[axis].extent;
    return static_cast<std::size_t>(count);
  }
  std::size_t row_length() const { return rank_ == 0 ? 1 : static_cast<std::size_t>(axes_[rank_ - 1].extent); }
  // Along a row.
  Offsets row_strides() const { return rank_ == 0 ? Offsets{} : axes_[rank_ - 1].strides; }

  // body(row, offsets of the operands at the row's start), in parallel.
  template <class Body>
  void for_each_row(const Body& body) const {
    parallel_for(rows(), row_grain(row_length()), [&](std::size_t begin, std::size_t end) {
      std::array<std::int64_t, Shape::kMaxRank> index{};
      Offsets offsets{};
      seek(begin, index, offsets);
      for (std::size_t row = begin; row < end; ++row) {
        body(row, offsets);
        advance(index, offsets);
      }
    });
  }

 private:
  struct Axis {
    std::int64_t extent;
    Offsets strides;
  };

  void seek(std::size_t row, std::array<std::int64_t, Shape::kMaxRank>& index, Offsets& offsets) const {
    auto rest = static_cast<std::int64_t>(row);
    for (std::size_t axis = rank_ < 2 ? 0 : rank_ - 1; axis-- > 0;) {
      index[axis] = rest % axes_[axis].extent;
      rest /= axes_[axis].extent;
      for (std::size_t i = 0; i < N; ++i) offsets[i] += index[axis] * axes_[axis].strides[i];
    }
  }

  void advance(std::array<std::int64_t, Shape::kMaxRank>& index, Offsets& offsets) const {
    for (std::size_t axis = rank_ < 2 ? 0 : rank_ - 1; axis-- > 0;) {
      for (std::size_t i = 0; i < N; ++i) offsets[i] += axes_[axis].strides[i];
      if (++index[axis] < axes_[axis].extent) return;
      for (std::size_t i = 0; i < N; ++i) offsets[i] -= axes_[axis].extent * axes_[axis].strides[i];
      index[axis] = 0;
    }
  }

  std::array<Axis, Shape::kMaxRank> axes_{};
  std::size_t rank_ = 0;
};

// The stride of `operand` along `axis` of a result with `rank` axes that it broadcasts to.
inline std::int64_t broadcast_stride(const Shape& operand, int axis, int rank) {
  const int own = axis - (rank - operand.rank());
  return own < 0 || operand[own] == 1 ? 0 : operand.count(own + 1, operand.rank());
}

// The loop over `result` with operands that broadcast to it.
template <std::size_t N>
StridedLoop<N> broadcast_loop(const Shape& result, const std::array<const Shape*, N>& operands) {
  StridedLoop<N> loop;
  for (int axis = 0; axis < result.rank(); ++axis) {
    std::array<std::int64_t, N> strides{};
    for (std::size_t i = 0; i < N; ++i) strides[i] = broadcast_stride(*operands[i], axis, result.rank());
    loop.push(result[axis], strides);
  }
  return loop;
}

}  // namespace evenflow::ops
