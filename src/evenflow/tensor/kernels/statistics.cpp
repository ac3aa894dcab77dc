#include "evenflow/tensor/kernels/statistics.h"

#include <algorithm>
#include <cmath>

#include "evenflow/base/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/tensor/kernels/statistics.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// A block in float32 lanes, four sums side by side: a lane adds few enough numbers to keep float32's precision. The
// caller checks whether the range allowed it. Results: sum, sum of squares, maximum of the absolute values, zeros.
void SumBlockFast(const float* x, std::size_t count, float* results) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto zero = hn::Zero(d);
  const auto one = hn::Set(d, 1.0f);
  auto s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  auto q0 = zero, q1 = zero, q2 = zero, q3 = zero;
  auto maximum = zero;
  auto zeros = zero;
  const auto take = [&](auto v, auto& s, auto& q) HWY_ATTR {
    s = hn::Add(s, v);
    q = hn::MulAdd(v, v, q);
    maximum = hn::Max(maximum, hn::Abs(v));
    zeros = hn::Add(zeros, hn::IfThenElseZero(hn::Eq(v, zero), one));
  };
  std::size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    take(hn::LoadU(d, x + i), s0, q0);
    take(hn::LoadU(d, x + i + lanes), s1, q1);
    take(hn::LoadU(d, x + i + 2 * lanes), s2, q2);
    take(hn::LoadU(d, x + i + 3 * lanes), s3, q3);
  }
  for (; i + lanes <= count; i += lanes) take(hn::LoadU(d, x + i), s0, q0);
  float filled = 0;
  if (i < count) {
    take(LoadPart(d, x + i, count - i), s1, q1);
    filled = static_cast<float>(lanes - (count - i));  // LoadPart's zeros are not the array's
  }
  results[0] = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
  results[1] = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(q0, q1), hn::Add(q2, q3))));
  results[2] = hn::GetLane(hn::MaxOfLanes(d, maximum));
  results[3] = hn::GetLane(hn::SumOfLanes(d, zeros)) - filled;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(SumBlockFast);

namespace kernels {
namespace {

constexpr std::size_t kBlock = 1024;
// Squares of numbers in this range, and sums of kBlock of them, are ordinary float32 numbers. What is smaller than the
// largest by so much that its square is lost does not count in the sum.
constexpr float kSmallest = 1e-15f;
constexpr float kLargest = 1e17f;

Moments block_moments(const float* x, std::size_t count) {
  float fast[4];
  HWY_DYNAMIC_DISPATCH(SumBlockFast)(x, count, fast);
  const auto [sum, squares, maximum, zeros] = fast;
  Moments m{.count = static_cast<double>(count)};
  const bool ordinary = std::isfinite(squares) && (maximum == 0 || (maximum > kSmallest && maximum < kLargest));
  if (ordinary) {
    m.sum = sum;
    m.sum_of_squares = squares;
    m.maximum = maximum;
    m.zeros = zeros;
    return m;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const double v = x[i];
    if (!std::isfinite(v)) {
      ++m.non_finite;
      continue;
    }
    m.sum += v;
    m.sum_of_squares += v * v;
    m.maximum = std::max(m.maximum, std::abs(v));
    m.zeros += v == 0 ? 1 : 0;
  }
  return m;
}

void add(Moments& total, const Moments& part) {
  total.count += part.count;
  total.sum += part.sum;
  total.sum_of_squares += part.sum_of_squares;
  total.maximum = std::max(total.maximum, part.maximum);
  total.zeros += part.zeros;
  total.non_finite += part.non_finite;
}

}  // namespace

Moments moments(const float* x, std::size_t count) {
  // Groups of blocks are summed by different threads, then the groups in order: the grouping depends on count alone.
  constexpr std::size_t kGroups = 64;
  const std::size_t blocks = (count + kBlock - 1) / kBlock;
  const std::size_t per_group = (blocks + kGroups - 1) / kGroups;
  Moments groups[kGroups];
  const auto sum_groups = [&](std::size_t begin, std::size_t end) {
    for (std::size_t g = begin; g < end; ++g) {
      for (std::size_t b = g * per_group; b < std::min((g + 1) * per_group, blocks); ++b) {
        add(groups[g], block_moments(x + b * kBlock, std::min(kBlock, count - b * kBlock)));
      }
    }
  };
  const std::size_t grain = per_group >= 2 ? 1 : kGroups;  // small arrays: one thread
  parallel_for(kGroups, grain, sum_groups);
  Moments total;
  for (const Moments& group : groups) add(total, group);
  return total;
}

AcrossSamples across_samples(const float* x, std::size_t samples, std::size_t features) {
  // Two passes per strip of features: mean, then squared deviations; a strip stays in the cache between them.
  constexpr std::size_t kStrip = 128;
  double variance = 0;
  std::size_t always_zero = 0;
  for (std::size_t from = 0; from < features; from += kStrip) {
    const std::size_t width = std::min(kStrip, features - from);
    double mean[kStrip] = {};
    double squares[kStrip] = {};
    bool nonzero[kStrip] = {};
    for (std::size_t s = 0; s < samples; ++s) {
      const float* row = x + s * features + from;
      for (std::size_t j = 0; j < width; ++j) {
        mean[j] += row[j];
        nonzero[j] = nonzero[j] || row[j] != 0.0f;
      }
    }
    for (std::size_t j = 0; j < width; ++j) mean[j] /= static_cast<double>(samples);
    for (std::size_t s = 0; s < samples; ++s) {
      const float* row = x + s * features + from;
      for (std::size_t j = 0; j < width; ++j) squares[j] += (row[j] - mean[j]) * (row[j] - mean[j]);
    }
    for (std::size_t j = 0; j < width; ++j) {
      variance += squares[j] / static_cast<double>(samples);
      always_zero += nonzero[j] ? 0 : 1;
    }
  }
  return {variance / static_cast<double>(features), static_cast<double>(always_zero)};
}

}  // namespace kernels
}  // namespace evenflow
#endif
