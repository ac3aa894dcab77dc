#include "evenflow/tensor/kernels/statistics.h"

#include <algorithm>
#include <cmath>

#include "evenflow/tensor/kernels/blocked_sum.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/tensor/kernels/statistics.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

using FloatTag = hn::ScalableTag<float>;
using DoubleTag = hn::ScalableTag<double>;
using NarrowTag = hn::Rebind<float, DoubleTag>;  // as many floats as a vector holds doubles

// The lanes of v added to those of `sum`.
HWY_INLINE hn::Vec<DoubleTag> AddWide(hn::Vec<DoubleTag> sum, hn::Vec<FloatTag> v) {
  const FloatTag d;
  const DoubleTag wide;
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(v, d, lanes);
  for (std::size_t i = 0; i < hn::Lanes(d); i += hn::Lanes(wide)) {
    sum = hn::Add(sum, hn::PromoteTo(wide, hn::Load(NarrowTag(), lanes + i)));
  }
  return sum;
}

// The largest finite |x|, or 0.
float Largest(const float* x, std::size_t count) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  auto m0 = hn::Zero(d), m1 = hn::Zero(d);
  const auto take = [](auto v, auto& m) HWY_ATTR { m = hn::Max(m, hn::IfThenElseZero(hn::IsFinite(v), hn::Abs(v))); };
  std::size_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    take(hn::LoadU(d, x + i), m0);
    take(hn::LoadU(d, x + i + lanes), m1);
  }
  for (; i < count; i += lanes) take(LoadPart(d, x + i, std::min(lanes, count - i)), m0);
  return hn::GetLane(hn::MaxOfLanes(d, hn::Max(m0, m1)));
}

// The moments of x; `careful`: of the finite elements of factor * x. A lane adds some kRun float32 numbers before they
// go to float64: n additions of like numbers err by n / 2 * 2^-24 at most, here below 1e-6.
template <bool careful>
kernels::Moments BlockMoments(const float* x, std::size_t count, [[maybe_unused]] float factor = 1.0f) {
  constexpr std::size_t kRun = 16;
  const FloatTag d;
  const DoubleTag wide;
  const std::size_t lanes = hn::Lanes(d);
  const auto zero = hn::Zero(d);
  const auto one = hn::Set(d, 1.0f);
  auto m0 = zero, m1 = zero, m2 = zero, m3 = zero;  // maxima
  auto z0 = zero, z1 = zero, z2 = zero, z3 = zero;  // counts of zeros
  auto bad = zero;                                  // count of what is not finite
  auto sum = hn::Zero(wide);
  auto squares = hn::Zero(wide);
  const auto take = [&](auto v, auto& s, auto& q, auto& m, auto& z) HWY_ATTR {
    if constexpr (careful) {
      const auto finite = hn::IsFinite(v);
      bad = hn::Add(bad, hn::IfThenZeroElse(finite, one));
      v = hn::IfThenElseZero(finite, v);
    }
    z = hn::Add(z, hn::IfThenElseZero(hn::Eq(v, zero), one));
    if constexpr (careful) v = hn::Mul(v, hn::Set(d, factor));
    s = hn::Add(s, v);
    q = hn::MulAdd(v, v, q);
    m = hn::Max(m, hn::Abs(v));
  };
  std::size_t filled = 0;  // LoadPart's zeros are not the array's
  for (std::size_t i = 0; i < count;) {
    auto s0 = zero, s1 = zero, s2 = zero, s3 = zero;
    auto q0 = zero, q1 = zero, q2 = zero, q3 = zero;
    const std::size_t end = std::min(count, i + 4 * kRun * lanes);
    for (; i + 4 * lanes <= end; i += 4 * lanes) {
      take(hn::LoadU(d, x + i), s0, q0, m0, z0);
      take(hn::LoadU(d, x + i + lanes), s1, q1, m1, z1);
      take(hn::LoadU(d, x + i + 2 * lanes), s2, q2, m2, z2);
      take(hn::LoadU(d, x + i + 3 * lanes), s3, q3, m3, z3);
    }
    for (; i + lanes <= end; i += lanes) take(hn::LoadU(d, x + i), s0, q0, m0, z0);
    if (i < end) {
      take(LoadPart(d, x + i, end - i), s1, q1, m1, z1);
      filled = lanes - (end - i);
      i = end;
    }
    sum = AddWide(sum, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)));
    squares = AddWide(squares, hn::Add(hn::Add(q0, q1), hn::Add(q2, q3)));
  }
  const auto maximum = hn::Max(hn::Max(m0, m1), hn::Max(m2, m3));
  const auto zeros = hn::Add(hn::Add(z0, z1), hn::Add(z2, z3));
  kernels::Moments result;
  result.count = static_cast<double>(count);
  result.sum = hn::GetLane(hn::SumOfLanes(wide, sum));
  result.sum_of_squares = hn::GetLane(hn::SumOfLanes(wide, squares));
  result.maximum = hn::GetLane(hn::MaxOfLanes(d, maximum));
  result.non_finite = hn::GetLane(hn::SumOfLanes(d, bad));
  result.zeros = hn::GetLane(hn::SumOfLanes(d, zeros)) - static_cast<double>(filled) - result.non_finite;
  return result;
}

// The squares of numbers between these, and their sums, are ordinary float32 numbers. A much smaller number beside
// one of them does not count.
constexpr float kSmallest = 1e-12f;
constexpr float kLargest = 1e16f;

// One pass if float32 can hold the squares. A look at the first elements spares tiny arrays (vanished gradients) a
// pass over denormal numbers, which take a hundred times as long.
void PieceMoments(const float* x, std::size_t count, kernels::Moments& result) {
  constexpr std::size_t kSample = 64;
  if (const float sample = Largest(x, std::min(count, kSample)); sample > kSmallest && sample < kLargest) {
    result = BlockMoments<false>(x, count);
    if (std::isfinite(result.sum_of_squares) && result.maximum < kLargest) return;
  }
  // A power of two brings the largest near one without rounding.
  const float largest = Largest(x, count);
  const int exponent = largest > 0 ? std::clamp(std::ilogb(largest), -100, 100) : 0;
  result = BlockMoments<true>(x, count, std::ldexp(1.0f, -exponent));
  result.sum = std::ldexp(result.sum, exponent);
  result.sum_of_squares = std::ldexp(result.sum_of_squares, 2 * exponent);
  result.maximum = std::ldexp(result.maximum, exponent);
}

// Adds the squared deviations of `width` <= kStrip columns from their means, and the count of columns of zeros.
constexpr std::size_t kStrip = 128;

void StripAcrossSamples(const float* x, std::size_t samples, std::size_t stride, std::size_t width,
                        kernels::AcrossSamples& result) {
  const DoubleTag wide;
  const NarrowTag d;
  const std::size_t lanes = hn::Lanes(wide);
  HWY_ALIGN double means[kStrip] = {};
  HWY_ALIGN double squares[kStrip] = {};
  HWY_ALIGN float seen[kStrip] = {};  // the bits, but for signs, that are set anywhere in the column
  const auto for_each_vector = [&](const auto& body) HWY_ATTR {
    for (std::size_t s = 0; s < samples; ++s) {
      const float* row = x + s * stride;
      std::size_t j = 0;
      for (; j + lanes <= width; j += lanes) body(j, hn::LoadU(d, row + j));
      if (j < width) body(j, LoadPart(d, row + j, width - j));
    }
  };
  for_each_vector([&](std::size_t j, auto v) HWY_ATTR {
    hn::Store(hn::Add(hn::Load(wide, means + j), hn::PromoteTo(wide, v)), wide, means + j);
    hn::Store(hn::Or(hn::Load(d, seen + j), hn::Abs(v)), d, seen + j);
  });
  for (double& mean : means) mean /= static_cast<double>(samples);
  for_each_vector([&](std::size_t j, auto v) HWY_ATTR {
    const auto deviation = hn::Sub(hn::PromoteTo(wide, v), hn::Load(wide, means + j));
    hn::Store(hn::MulAdd(deviation, deviation, hn::Load(wide, squares + j)), wide, squares + j);
  });
  for (std::size_t j = 0; j < width; ++j) {
    result.variance += squares[j];
    result.always_zero += seen[j] == 0 ? 1 : 0;
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(PieceMoments);
HWY_EXPORT(StripAcrossSamples);

namespace kernels {
namespace {

constexpr std::size_t kPiece = 4096;
constexpr std::size_t kStrip = HWY_NAMESPACE::kStrip;

}  // namespace

Moments& operator+=(Moments& total, const Moments& part) {
  total.count += part.count;
  total.sum += part.sum;
  total.sum_of_squares += part.sum_of_squares;
  total.maximum = std::max(total.maximum, part.maximum);
  total.zeros += part.zeros;
  total.non_finite += part.non_finite;
  return total;
}

Moments moments(const float* x, std::size_t count) {
  return blocked_sum<Moments>(count, kPiece / 4, [x](std::size_t begin, std::size_t end) {
    Moments total;
    for (std::size_t i = begin; i < end; i += kPiece) {
      Moments piece;
      HWY_DYNAMIC_DISPATCH(PieceMoments)(x + i, std::min(kPiece, end - i), piece);
      total += piece;
    }
    return total;
  });
}

AcrossSamples across_samples(const float* x, std::size_t samples, std::size_t features) {
  if (samples == 0 || features == 0) return {};
  struct Total : AcrossSamples {
    void operator+=(const Total& part) {
      variance += part.variance;
      always_zero += part.always_zero;
    }
  };
  Total total = blocked_sum<Total>(features, kStrip, [=](std::size_t begin, std::size_t end) {
    Total sum;
    for (std::size_t j = begin; j < end; j += kStrip) {
      HWY_DYNAMIC_DISPATCH(StripAcrossSamples)(x + j, samples, features, std::min(kStrip, end - j), sum);
    }
    return sum;
  });
  total.variance /= static_cast<double>(samples) * static_cast<double>(features);
  return total;
}

}  // namespace kernels
}  // namespace evenflow
#endif
