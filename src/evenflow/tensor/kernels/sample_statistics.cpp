#include "evenflow/tensor/kernels/sample_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "evenflow/tensor/kernels/blocked_sum.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/tensor/kernels/sample_statistics.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

using Tag = hn::ScalableTag<float>;

double Sum(hn::Vec<Tag> v) {
  return static_cast<double>(hn::GetLane(hn::SumOfLanes(Tag(), v)));
}

// Sums of squares of `rows` consecutive rows, in float32 each.
void RowSquares(const float* x, std::size_t rows, std::size_t width, float* squares) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t r = 0; r < rows; ++r, x += width) {
    auto q0 = hn::Zero(d), q1 = q0, q2 = q0, q3 = q0;
    const auto take = [d, x](std::size_t at, auto& q) HWY_ATTR {
      const auto v = hn::LoadU(d, x + at);
      q = hn::MulAdd(v, v, q);
    };
    std::size_t i = 0;
    for (; i + 4 * lanes <= width; i += 4 * lanes) {
      take(i, q0);
      take(i + lanes, q1);
      take(i + 2 * lanes, q2);
      take(i + 3 * lanes, q3);
    }
    for (; i + lanes <= width; i += lanes) take(i, q0);
    if (i < width) {
      const auto v = LoadPart(d, x + i, width - i);
      q1 = hn::MulAdd(v, v, q1);
    }
    squares[r] = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(q0, q1), hn::Add(q2, q3))));
  }
}

// Adds to sums[0] the squared deviations of columns from their means, to sums[1] the square of the sum of the samples'
// directions. Deviations are taken from the first sample: nothing cancels when all samples are nearly alike.
template <std::size_t kVectors, class Load>
HWY_INLINE void AddColumns(const float* x, std::size_t samples, std::size_t stride, const float* inverse_norms,
                           const Load& load, double* sums) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<Tag> first[kVectors], sum[kVectors], squares[kVectors], directions[kVectors];
  for (std::size_t k = 0; k < kVectors; ++k) {
    first[k] = load(x + k * lanes);
    sum[k] = squares[k] = directions[k] = hn::Zero(d);
  }
  for (std::size_t s = 0; s < samples; ++s) {
    const auto inverse = hn::Set(d, inverse_norms[s]);
    for (std::size_t k = 0; k < kVectors; ++k) {
      const auto v = load(x + s * stride + k * lanes);
      const auto deviation = hn::Sub(v, first[k]);
      sum[k] = hn::Add(sum[k], deviation);
      squares[k] = hn::MulAdd(deviation, deviation, squares[k]);
      directions[k] = hn::MulAdd(v, inverse, directions[k]);
    }
  }
  const auto share = hn::Set(d, 1.0f / static_cast<float>(samples));
  for (std::size_t k = 0; k < kVectors; ++k) {
    const auto left = hn::NegMulAdd(hn::Mul(sum[k], share), sum[k], squares[k]);
    sums[0] += Sum(hn::Max(left, hn::Zero(d)));
    sums[1] += Sum(hn::Mul(directions[k], directions[k]));
  }
}

void Columns(const float* x, std::size_t samples, std::size_t stride, std::size_t begin, std::size_t end,
             const float* inverse_norms, double* sums) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  const auto whole = [d](const float* from) HWY_ATTR { return hn::LoadU(d, from); };
  std::size_t j = begin;
  for (; j + 4 * lanes <= end; j += 4 * lanes) AddColumns<4>(x + j, samples, stride, inverse_norms, whole, sums);
  for (; j + lanes <= end; j += lanes) AddColumns<1>(x + j, samples, stride, inverse_norms, whole, sums);
  if (j == end) return;
  const auto part = [d, rest = end - j](const float* from) HWY_ATTR { return LoadPart(d, from, rest); };
  AddColumns<1>(x + j, samples, stride, inverse_norms, part, sums);
}

template <class Load>
HWY_INLINE void AddSlopes(const float* slopes, const float* outputs, std::size_t samples, std::size_t stride,
                          std::size_t width, float below, float above, const Load& load,
                          kernels::SlopeStatistics& total) {
  const Tag d;
  const auto zero = hn::Zero(d);
  const auto one = hn::Set(d, 1.0f);
  const auto low = hn::Set(d, below);
  const auto high = hn::Set(d, above);
  auto sum = zero, squares = zero, saturated = zero, seen = zero, bad = zero;
  for (std::size_t s = 0; s < samples; ++s) {
    const auto raw = load(slopes + s * stride);
    const auto y = load(outputs + s * stride);
    const auto finite = hn::IsFinite(raw);
    const auto slope = hn::IfThenElseZero(finite, raw);
    sum = hn::Add(sum, slope);
    squares = hn::MulAdd(slope, slope, squares);
    bad = hn::Add(bad, hn::IfThenZeroElse(finite, one));
    saturated = hn::Add(saturated, hn::IfThenElseZero(hn::Or(hn::Le(y, low), hn::Ge(y, high)), one));
    seen = hn::Or(seen, hn::Abs(raw));
  }
  const auto filled = width < hn::Lanes(d) ? hn::FirstN(d, width) : hn::FirstN(d, hn::Lanes(d));
  total.sum += Sum(sum);
  total.squares += Sum(squares);
  total.saturated += Sum(hn::IfThenElseZero(filled, saturated));
  total.dead_units += Sum(hn::IfThenElseZero(hn::And(filled, hn::Eq(seen, zero)), one));
  total.non_finite += Sum(bad);
}

void SlopeColumns(const float* slopes, const float* outputs, std::size_t samples, std::size_t stride, std::size_t begin,
                  std::size_t end, float below, float above, kernels::SlopeStatistics& total) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  const auto whole = [d](const float* from) HWY_ATTR { return hn::LoadU(d, from); };
  std::size_t j = begin;
  for (; j + lanes <= end; j += lanes) {
    AddSlopes(slopes + j, outputs + j, samples, stride, lanes, below, above, whole, total);
  }
  if (j == end) return;
  const auto part = [d, rest = end - j](const float* from) HWY_ATTR { return LoadPart(d, from, rest); };
  AddSlopes(slopes + j, outputs + j, samples, stride, end - j, below, above, part, total);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(RowSquares);
HWY_EXPORT(Columns);
HWY_EXPORT(SlopeColumns);

namespace kernels {
namespace {

// Columns of one range and, at 16 numbers a vector, rows of a range's worth of work.
constexpr std::size_t kColumns = 64;
constexpr std::size_t kElements = std::size_t{1} << 15;

// Can the row's sum of squares be believed? A sum of zero may have underflowed.
bool is_ordinary(float squares, const float* row, std::size_t width) {
  if (squares == 0.0f) return std::all_of(row, row + width, [](float v) { return v == 0.0f; });
  return squares > 1e-20f && squares < 1e30f;
}

// The definitions, in float64, for matrices with numbers that float32 cannot square or that are no numbers.
SampleStatistics slow_sample_statistics(const float* x, std::size_t samples, std::size_t features) {
  SampleStatistics s;
  std::vector<double> inverse(samples);
  double directions = 0;
  const auto at = [=](std::size_t sample, std::size_t feature) {
    const auto value = static_cast<double>(x[sample * features + feature]);
    return std::isfinite(value) ? value : 0.0;
  };
  for (std::size_t i = 0; i < samples; ++i) {
    double squares = 0;
    for (std::size_t j = 0; j < features; ++j) {
      squares += at(i, j) * at(i, j);
      s.non_finite += std::isfinite(x[i * features + j]) ? 0 : 1;
    }
    s.squares += squares;
    inverse[i] = squares > 0 ? 1 / std::sqrt(squares) : 0;
  }
  for (std::size_t j = 0; j < features; ++j) {
    double mean = 0;
    double direction = 0;
    for (std::size_t i = 0; i < samples; ++i) {
      mean += at(i, j) / static_cast<double>(samples);
      direction += at(i, j) * inverse[i];
    }
    for (std::size_t i = 0; i < samples; ++i) s.variance += (at(i, j) - mean) * (at(i, j) - mean);
    directions += direction * direction;
  }
  s.variance /= static_cast<double>(samples) * static_cast<double>(features);
  const auto directed =
      static_cast<double>(std::count_if(inverse.begin(), inverse.end(), [](double v) { return v > 0; }));
  s.cosine =
      directed < 2 ? std::numeric_limits<double>::quiet_NaN() : (directions - directed) / (directed * (directed - 1));
  return s;
}

}  // namespace

SampleStatistics sample_statistics(const float* x, std::size_t samples, std::size_t features, float* inverse_norms) {
  SampleStatistics s;
  s.cosine = std::numeric_limits<double>::quiet_NaN();
  if (samples == 0 || features == 0) return s;
  parallel_for(samples, std::max<std::size_t>(1, kElements / features), [=](std::size_t begin, std::size_t end) {
    HWY_DYNAMIC_DISPATCH(RowSquares)(x + begin * features, end - begin, features, inverse_norms + begin);
  });
  double directed = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    const float squares = inverse_norms[i];
    if (!is_ordinary(squares, x + i * features, features)) return slow_sample_statistics(x, samples, features);
    s.squares += static_cast<double>(squares);
    directed += squares > 0 ? 1 : 0;
    inverse_norms[i] = squares > 0 ? 1.0f / std::sqrt(squares) : 0.0f;
  }
  struct Sums {
    double deviations_and_direction[2] = {0, 0};
    void operator+=(const Sums& other) {
      for (int i = 0; i < 2; ++i) deviations_and_direction[i] += other.deviations_and_direction[i];
    }
  };
  const auto total = blocked_sum<Sums>(features, kColumns, [=](std::size_t begin, std::size_t end) {
    Sums part;
    HWY_DYNAMIC_DISPATCH(Columns)
    (x, samples, features, begin, end, inverse_norms, part.deviations_and_direction);
    return part;
  });
  const auto [deviations, direction] = total.deviations_and_direction;
  s.variance = deviations / (static_cast<double>(samples) * static_cast<double>(features));
  if (directed >= 2) s.cosine = std::clamp((direction - directed) / (directed * (directed - 1)), -1.0, 1.0);
  return s;
}

SlopeStatistics slope_statistics(const float* slopes, const float* outputs, std::size_t samples, std::size_t features,
                                 double below, double above) {
  struct Total : SlopeStatistics {
    void operator+=(const Total& part) {
      sum += part.sum;
      squares += part.squares;
      saturated += part.saturated;
      dead_units += part.dead_units;
      non_finite += part.non_finite;
    }
  };
  if (samples == 0) return {};
  return blocked_sum<Total>(features, kColumns, [=](std::size_t begin, std::size_t end) {
    Total part;
    HWY_DYNAMIC_DISPATCH(SlopeColumns)
    (slopes, outputs, samples, features, begin, end, static_cast<float>(below), static_cast<float>(above), part);
    return part;
  });
}

}  // namespace kernels
}  // namespace evenflow
#endif
