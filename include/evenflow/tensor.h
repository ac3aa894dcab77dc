// Shape and Tensor: dense float32 arrays in row-major order, images as (samples, height, width, channels).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace evenflow {

// The extent of each axis, outermost first; rank 0 is a scalar. At most kMaxRank axes.
class Shape {
 public:
  static constexpr int kMaxRank = 8;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims);
  // Throws Error(shape) for more than kMaxRank axes, a negative extent, or a count beyond 2^46 elements.
  explicit Shape(std::span<const std::int64_t> dims);

  int rank() const { return rank_; }
  // axis may be negative, counting from the last (-1). REQUIRES: -rank <= axis < rank.
  std::int64_t operator[](int axis) const { return dims_[static_cast<std::size_t>(axis < 0 ? axis + rank_ : axis)]; }
  std::int64_t back() const { return (*this)[-1]; }
  std::span<const std::int64_t> dims() const { return {dims_.data(), static_cast<std::size_t>(rank_)}; }
  std::int64_t count() const;                  // product of all extents; 1 for a scalar
  std::int64_t count(int from, int to) const;  // product of the extents of axes [from, to)
  Shape with(int axis, std::int64_t extent) const;
  Shape slice(int from, int to) const;  // axes [from, to)

  friend bool operator==(const Shape& a, const Shape& b) { return a.rank_ == b.rank_ && a.dims_ == b.dims_; }

 private:
  std::array<std::int64_t, kMaxRank> dims_{};  // zero beyond rank_
  int rank_ = 0;
};

// "(32, 784)"; "()" for a scalar.
std::string to_string(const Shape& shape);
// (a, b...): the axes of a followed by those of b.
Shape concatenate(const Shape& a, const Shape& b);

// Memory of `bytes` bytes aligned for vector code; zero-filled.
using AlignedBytes = std::unique_ptr<std::byte[], void (*)(std::byte*)>;
AlignedBytes allocate_aligned(std::size_t bytes);

// An owned array. Copying copies the elements; moving leaves an empty scalarless tensor behind.
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(const Shape& shape, float fill = 0.0f);
  // Throws Error(shape) if values.size() differs from shape.count().
  Tensor(const Shape& shape, std::span<const float> values);
  Tensor(const Shape& shape, std::initializer_list<float> values);
  Tensor(const Tensor& other);
  Tensor& operator=(const Tensor& other);
  Tensor(Tensor&& other) noexcept;
  Tensor& operator=(Tensor&& other) noexcept;

  const Shape& shape() const { return shape_; }
  std::int64_t count() const { return static_cast<std::int64_t>(size_); }
  bool empty() const { return size_ == 0; }
  float* data() { return reinterpret_cast<float*>(bytes_.get()); }
  const float* data() const { return reinterpret_cast<const float*>(bytes_.get()); }
  std::span<float> values() { return {data(), size_}; }
  std::span<const float> values() const { return {data(), size_}; }
  float& operator[](std::int64_t i) { return data()[i]; }
  float operator[](std::int64_t i) const { return data()[i]; }

  // The same elements under another shape. Throws Error(shape) if the counts differ.
  Tensor reshaped(const Shape& shape) const;
  // Rows [from, to) of the first axis, copied.
  Tensor rows(std::int64_t from, std::int64_t to) const;

  friend bool operator==(const Tensor& a, const Tensor& b);  // same shape, same bits but for NaN and -0

 private:
  Shape shape_;
  std::size_t size_ = 0;
  AlignedBytes bytes_{nullptr, nullptr};
};

}  // namespace evenflow
