#include "evenflow/tensor.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::int64_t kLargestCount = std::int64_t{1} << 46;

void release(std::byte* bytes) {
  std::free(bytes);
}

}  // namespace

Shape::Shape(std::initializer_list<std::int64_t> dims)
    : Shape(std::span<const std::int64_t>(dims.begin(), dims.size())) {}

Shape::Shape(std::span<const std::int64_t> dims) {
  if (dims.size() > kMaxRank)
    fail(ErrorKind::shape, "a shape has {} axes; at most {} are possible", dims.size(), kMaxRank);
  std::int64_t count = 1;
  for (const std::int64_t extent : dims) {
    if (extent < 0) fail(ErrorKind::shape, "a shape has the negative extent {}", extent);
    if (extent > 0 && count > kLargestCount / extent) fail(ErrorKind::shape, "a shape with more than 2^46 elements");
    count *= std::max<std::int64_t>(extent, 1);
    dims_[static_cast<std::size_t>(rank_++)] = extent;
  }
}

std::int64_t Shape::count() const {
  return count(0, rank_);
}

std::int64_t Shape::count(int from, int to) const {
  std::int64_t product = 1;
  for (int axis = from; axis < to; ++axis) product *= (*this)[axis];
  return product;
}

Shape Shape::with(int axis, std::int64_t extent) const {
  std::array<std::int64_t, kMaxRank> dims = dims_;
  dims[static_cast<std::size_t>(axis < 0 ? axis + rank_ : axis)] = extent;
  return Shape(std::span<const std::int64_t>(dims.data(), static_cast<std::size_t>(rank_)));
}

Shape Shape::slice(int from, int to) const {
  return Shape(dims().subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)));
}

std::string to_string(const Shape& shape) {
  return fmt::format("({})", fmt::join(shape.dims(), ", "));
}

Shape concatenate(const Shape& a, const Shape& b) {
  std::vector<std::int64_t> dims(a.dims().begin(), a.dims().end());
  dims.insert(dims.end(), b.dims().begin(), b.dims().end());
  return Shape(dims);
}

AlignedBytes allocate_aligned(std::size_t bytes) {
  const std::size_t rounded = std::max<std::size_t>((bytes + kAlignment - 1) / kAlignment * kAlignment, kAlignment);
  void* memory = std::aligned_alloc(kAlignment, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  std::memset(memory, 0, rounded);
  return {static_cast<std::byte*>(memory), release};
}

Tensor::Tensor(const Shape& shape, float fill)
    : shape_(shape), size_(static_cast<std::size_t>(shape.count())), bytes_(allocate_aligned(size_ * sizeof(float))) {
  if (fill != 0.0f) std::fill_n(data(), size_, fill);
}

Tensor::Tensor(const Shape& shape, std::span<const float> values) : Tensor(shape) {
  if (values.size() != size_) {
    fail(ErrorKind::shape, "{} values do not fill a tensor of shape {}", values.size(), to_string(shape));
  }
  std::copy(values.begin(), values.end(), data());
}

Tensor::Tensor(const Shape& shape, std::initializer_list<float> values)
    : Tensor(shape, std::span<const float>(values.begin(), values.size())) {}

Tensor::Tensor(const Tensor& other) : shape_(other.shape_), size_(other.size_) {
  if (other.bytes_ == nullptr) return;
  bytes_ = allocate_aligned(size_ * sizeof(float));
  std::copy_n(other.data(), size_, data());
}

Tensor& Tensor::operator=(const Tensor& other) {
  if (this != &other) *this = Tensor(other);
  return *this;
}

Tensor::Tensor(Tensor&& other) noexcept
    : shape_(std::exchange(other.shape_, {})), size_(std::exchange(other.size_, 0)), bytes_(std::move(other.bytes_)) {}

Tensor& Tensor::operator=(Tensor&& other) noexcept {
  shape_ = std::exchange(other.shape_, {});
  size_ = std::exchange(other.size_, 0);
  bytes_ = std::move(other.bytes_);
  return *this;
}

Tensor Tensor::reshaped(const Shape& shape) const {
  if (shape.count() != count()) {
    fail(ErrorKind::shape, "a tensor of shape {} cannot take the shape {}", to_string(shape_), to_string(shape));
  }
  Tensor result(*this);
  result.shape_ = shape;
  return result;
}

Tensor Tensor::rows(std::int64_t from, std::int64_t to) const {
  if (shape_.rank() < 1 || from < 0 || to < from || to > shape_[0]) {
    fail(ErrorKind::usage, "rows [{}, {}) of a tensor of shape {}", from, to, to_string(shape_));
  }
  const std::int64_t width = shape_.count(1, shape_.rank());
  return {shape_.with(0, to - from),
          values().subspan(static_cast<std::size_t>(from * width), static_cast<std::size_t>((to - from) * width))};
}

bool operator==(const Tensor& a, const Tensor& b) {
  return a.shape_ == b.shape_ && a.size_ == b.size_ &&
         std::equal(a.values().begin(), a.values().end(), b.values().begin());
}

}  // namespace evenflow
