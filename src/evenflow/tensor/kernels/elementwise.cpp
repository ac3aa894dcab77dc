#include "evenflow/tensor/kernels/elementwise.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "evenflow/base/random.h"
#include "evenflow/base/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/tensor/kernels/elementwise.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// A NaN in either operand wins: this program is about not losing them.
template <class D, class V>
HWY_INLINE V NanOr(D, V a, V b, V otherwise) {
  return hn::IfThenElse(hn::IsNaN(a), a, hn::IfThenElse(hn::IsNaN(b), b, otherwise));
}

struct Add {
  template <class D, class V>
  static V Apply(D, V a, V b) { return hn::Add(a, b); }
};
struct Subtract {
  template <class D, class V>
  static V Apply(D, V a, V b) { return hn::Sub(a, b); }
};
struct Multiply {
  template <class D, class V>
  static V Apply(D, V a, V b) { return hn::Mul(a, b); }
};
struct Divide {
  template <class D, class V>
  static V Apply(D, V a, V b) { return hn::Div(a, b); }
};
struct Maximum {
  template <class D, class V>
  static V Apply(D d, V a, V b) { return NanOr(d, a, b, hn::Max(a, b)); }
};
struct Minimum {
  template <class D, class V>
  static V Apply(D d, V a, V b) { return NanOr(d, a, b, hn::Min(a, b)); }
};

// y[i] = f(i, lanes in use); `load` says how operands are read.
template <class Body>
void ForVectors(std::size_t count, float* y, const Body& body) {
  parallel_for(count, kParallelGrain, [&](std::size_t begin, std::size_t end) {
    const hn::ScalableTag<float> d;
    const std::size_t lanes = hn::Lanes(d);
    std::size_t i = begin;
    for (; i + lanes <= end; i += lanes) {
      hn::StoreU(body([&](const float* x) HWY_ATTR { return hn::LoadU(d, x + i); }), d, y + i);
    }
    if (i < end) StorePart(body([&](const float* x) HWY_ATTR { return LoadPart(d, x + i, end - i); }), d, y + i, end - i);
  });
}

template <class Op>
void BinaryLoop(const float* a, const float* b, float* y, std::size_t count) {
  const hn::ScalableTag<float> d;
  ForVectors(count, y, [=](const auto& load) HWY_ATTR { return Op::Apply(d, load(a), load(b)); });
}
template <class Op>
void ScalarLoop(const float* a, float b, float* y, std::size_t count) {
  const hn::ScalableTag<float> d;
  ForVectors(count, y, [=](const auto& load) HWY_ATTR { return Op::Apply(d, load(a), hn::Set(d, b)); });
}
template <class Op>
void ScalarFirstLoop(float a, const float* b, float* y, std::size_t count) {
  const hn::ScalableTag<float> d;
  ForVectors(count, y, [=](const auto& load) HWY_ATTR { return Op::Apply(d, hn::Set(d, a), load(b)); });
}

// Calls loop.template run<Op>() for the operation.
template <class Loop>
void Dispatch(kernels::BinaryOp op, const Loop& loop) {
  switch (op) {
    case kernels::BinaryOp::add: return loop(Add());
    case kernels::BinaryOp::subtract: return loop(Subtract());
    case kernels::BinaryOp::multiply: return loop(Multiply());
    case kernels::BinaryOp::divide: return loop(Divide());
    case kernels::BinaryOp::maximum: return loop(Maximum());
    case kernels::BinaryOp::minimum: return loop(Minimum());
  }
}

void Binary(kernels::BinaryOp op, const float* a, const float* b, float* y, std::size_t count) {
  Dispatch(op, [=](auto f) { BinaryLoop<decltype(f)>(a, b, y, count); });
}
void BinaryScalar(kernels::BinaryOp op, const float* a, float b, float* y, std::size_t count) {
  Dispatch(op, [=](auto f) { ScalarLoop<decltype(f)>(a, b, y, count); });
}
void BinaryScalarFirst(kernels::BinaryOp op, float a, const float* b, float* y, std::size_t count) {
  Dispatch(op, [=](auto f) { ScalarFirstLoop<decltype(f)>(a, b, y, count); });
}

void Axpy(float factor, const float* x, float* y, std::size_t count) {
  const hn::ScalableTag<float> d;
  ForVectors(count, y, [=](const auto& load) HWY_ATTR { return hn::MulAdd(hn::Set(d, factor), load(x), load(y)); });
}

void AddRow(const float* x, const float* bias, float* y, std::size_t rows, std::size_t columns) {
  parallel_for(rows, std::max<std::size_t>(1, kParallelGrain / std::max<std::size_t>(columns, 1)), [=](std::size_t begin, std::size_t end) {
    const hn::ScalableTag<float> d;
    const std::size_t lanes = hn::Lanes(d);
    for (std::size_t r = begin; r < end; ++r) {
      const float* from = x + r * columns;
      float* to = y + r * columns;
      std::size_t i = 0;
      for (; i + lanes <= columns; i += lanes) hn::StoreU(hn::Add(hn::LoadU(d, from + i), hn::LoadU(d, bias + i)), d, to + i);
      if (i < columns) StorePart(hn::Add(LoadPart(d, from + i, columns - i), LoadPart(d, bias + i, columns - i)), d, to + i, columns - i);
    }
  });
}

// Adds up to kRowsPerBlock rows in float32: few enough that the error stays that of float32 itself; the blocks are
// added in float64 by the caller.
void AddRows(const float* x, std::size_t rows, std::size_t columns, std::size_t stride, float* y) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + 2 * lanes <= columns; i += 2 * lanes) {
    auto sum0 = hn::Zero(d);
    auto sum1 = hn::Zero(d);
    for (std::size_t r = 0; r < rows; ++r) {
      sum0 = hn::Add(sum0, hn::LoadU(d, x + r * stride + i));
      sum1 = hn::Add(sum1, hn::LoadU(d, x + r * stride + i + lanes));
    }
    hn::StoreU(sum0, d, y + i);
    hn::StoreU(sum1, d, y + i + lanes);
  }
  for (; i < columns; i += lanes) {
    const std::size_t part = std::min(lanes, columns - i);
    auto sum = hn::Zero(d);
    for (std::size_t r = 0; r < rows; ++r) sum = hn::Add(sum, LoadPart(d, x + r * stride + i, part));
    StorePart(sum, d, y + i, part);
  }
}

// Sum and sum of squares of a block in float64.
void SumBlock(const float* x, std::size_t count, double* sum, double* squares) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> half;
  const std::size_t lanes = hn::Lanes(d);
  auto s = hn::Zero(d);
  auto q = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto v = hn::PromoteTo(d, hn::LoadU(half, x + i));
    s = hn::Add(s, v);
    q = hn::MulAdd(v, v, q);
  }
  double total = hn::GetLane(hn::SumOfLanes(d, s));
  double total_squares = hn::GetLane(hn::SumOfLanes(d, q));
  for (; i < count; ++i) {
    const double v = x[i];
    total += v;
    total_squares += v * v;
  }
  *sum = total;
  *squares = total_squares;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(Binary);
HWY_EXPORT(BinaryScalar);
HWY_EXPORT(BinaryScalarFirst);
HWY_EXPORT(Axpy);
HWY_EXPORT(AddRow);
HWY_EXPORT(AddRows);
HWY_EXPORT(SumBlock);

namespace kernels {
namespace {

constexpr std::size_t kSumBlock = 4096;
constexpr std::size_t kRowsPerBlock = 64;
constexpr std::size_t kColumnsPerTask = 256;
constexpr std::size_t kRandomGrain = std::size_t{1} << 14;

// Sums over blocks of fixed size, added in order.
void blocked_sums(const float* x, std::size_t count, double& sum, double& squares) {
  sum = squares = 0;
  for (std::size_t begin = 0; begin < count; begin += kSumBlock) {
    double s = 0;
    double q = 0;
    HWY_DYNAMIC_DISPATCH(SumBlock)(x + begin, std::min(kSumBlock, count - begin), &s, &q);
    sum += s;
    squares += q;
  }
}

// Four random words for elements 4 * block .. 4 * block + 3.
std::array<std::uint32_t, 4> words(std::uint64_t block, std::uint64_t step, std::uint64_t key) {
  return philox({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), static_cast<std::uint32_t>(step),
                 static_cast<std::uint32_t>(step >> 32)},
                {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)});
}

// body(element, word) for the elements [begin, begin + count), words by absolute position.
template <class Body>
void for_random_words(std::size_t begin, std::size_t count, std::uint64_t key, std::uint64_t step, const Body& body) {
  parallel_for(count, kRandomGrain, [&](std::size_t from, std::size_t to) {
    std::size_t i = from;
    while (i < to) {
      const std::uint64_t position = begin + i;
      const std::array<std::uint32_t, 4> w = words(position / 4, step, key);
      for (std::size_t lane = position % 4; lane < 4 && i < to; ++lane, ++i) body(i, w, lane);
    }
  });
}

}  // namespace

void binary(BinaryOp op, const float* a, const float* b, float* y, std::size_t count) { HWY_DYNAMIC_DISPATCH(Binary)(op, a, b, y, count); }

void binary_scalar(BinaryOp op, const float* a, float b, float* y, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(BinaryScalar)(op, a, b, y, count);
}

void binary_scalar_first(BinaryOp op, float a, const float* b, float* y, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(BinaryScalarFirst)(op, a, b, y, count);
}

void scale(const float* x, float factor, float* y, std::size_t count) { binary_scalar(BinaryOp::multiply, x, factor, y, count); }

void axpy(float factor, const float* x, float* y, std::size_t count) { HWY_DYNAMIC_DISPATCH(Axpy)(factor, x, y, count); }

void fill(float value, float* y, std::size_t count) { std::fill_n(y, count, value); }

double sum(const float* x, std::size_t count) {
  double s = 0;
  double q = 0;
  blocked_sums(x, count, s, q);
  return s;
}

double sum_of_squares(const float* x, std::size_t count) {
  double s = 0;
  double q = 0;
  blocked_sums(x, count, s, q);
  return q;
}

void column_sums(const float* x, std::size_t rows, std::size_t columns, float* y) {
  const std::size_t tasks = (columns + kColumnsPerTask - 1) / kColumnsPerTask;
  const std::size_t grain = std::max<std::size_t>(1, 2 * kRandomGrain / std::max<std::size_t>(rows * kColumnsPerTask, 1));
  parallel_for(tasks, grain, [=](std::size_t begin, std::size_t end) {
    for (std::size_t task = begin; task < end; ++task) {
      const std::size_t from = task * kColumnsPerTask;
      const std::size_t width = std::min(kColumnsPerTask, columns - from);
      if (rows <= kRowsPerBlock) {
        HWY_DYNAMIC_DISPATCH(AddRows)(x + from, rows, width, columns, y + from);
        continue;
      }
      double totals[kColumnsPerTask] = {};
      float block[kColumnsPerTask];
      for (std::size_t r = 0; r < rows; r += kRowsPerBlock) {
        HWY_DYNAMIC_DISPATCH(AddRows)(x + r * columns + from, std::min(kRowsPerBlock, rows - r), width, columns, block);
        for (std::size_t i = 0; i < width; ++i) totals[i] += block[i];
      }
      for (std::size_t i = 0; i < width; ++i) y[from + i] = static_cast<float>(totals[i]);
    }
  });
}

void add_row(const float* x, const float* bias, float* y, std::size_t rows, std::size_t columns) {
  HWY_DYNAMIC_DISPATCH(AddRow)(x, bias, y, rows, columns);
}

void dropout(const float* x, float* y, std::size_t begin, std::size_t count, float rate, std::uint64_t seed, std::uint64_t stream,
             std::uint64_t step) {
  // A word is a uniform number in units of 2^-32; kept if it is at least `rate`.
  const auto threshold = static_cast<std::uint64_t>(std::llround(static_cast<double>(rate) * 0x1p32));
  const float factor = rate < 1.0f ? 1.0f / (1.0f - rate) : 0.0f;
  for_random_words(begin, count, mix(seed, stream), step, [=](std::size_t i, const std::array<std::uint32_t, 4>& w, std::size_t lane) {
    y[i] = w[lane] >= threshold ? x[i] * factor : 0.0f;
  });
}

void gaussian_noise(const float* x, float* y, std::size_t begin, std::size_t count, float deviation, std::uint64_t seed,
                    std::uint64_t stream, std::uint64_t step) {
  // Box-Muller: each pair of words gives a pair of normal numbers.
  for_random_words(begin, count, mix(seed, stream), step, [=](std::size_t i, const std::array<std::uint32_t, 4>& w, std::size_t lane) {
    const std::size_t pair = lane / 2 * 2;
    const double radius = std::sqrt(-2.0 * std::log((w[pair] + 1.0) * 0x1p-32));
    const double angle = 2.0 * std::numbers::pi * (w[pair + 1] * 0x1p-32);
    y[i] = x[i] + deviation * static_cast<float>(radius * (lane % 2 == 0 ? std::cos(angle) : std::sin(angle)));
  });
}

}  // namespace kernels
}  // namespace evenflow
#endif
