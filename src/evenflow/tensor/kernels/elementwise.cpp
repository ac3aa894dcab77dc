#include "evenflow/tensor/kernels/elementwise.h"

#include <algorithm>

#include "evenflow/base/threads.h"
#include "evenflow/tensor/kernels/blocked_sum.h"

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
  static V Apply(D, V a, V b) {
    return hn::Add(a, b);
  }
};
struct Subtract {
  template <class D, class V>
  static V Apply(D, V a, V b) {
    return hn::Sub(a, b);
  }
};
struct Multiply {
  template <class D, class V>
  static V Apply(D, V a, V b) {
    return hn::Mul(a, b);
  }
};
struct Divide {
  template <class D, class V>
  static V Apply(D, V a, V b) {
    return hn::Div(a, b);
  }
};
struct Maximum {
  template <class D, class V>
  static V Apply(D d, V a, V b) {
    return NanOr(d, a, b, hn::Max(a, b));
  }
};
struct Minimum {
  template <class D, class V>
  static V Apply(D d, V a, V b) {
    return NanOr(d, a, b, hn::Min(a, b));
  }
};

// Stores body(load) to y; `load` reads an operand's vector at the same place.
template <class Body>
void ForVectors(std::size_t count, float* y, const Body& body) {
  parallel_for(count, kParallelGrain, [&](std::size_t begin, std::size_t end) HWY_ATTR {
    const hn::ScalableTag<float> d;
    const std::size_t lanes = hn::Lanes(d);
    std::size_t i = begin;
    for (; i + lanes <= end; i += lanes) {
      hn::StoreU(body([&](const float* x) HWY_ATTR { return hn::LoadU(d, x + i); }), d, y + i);
    }
    if (i < end)
      StorePart(body([&](const float* x) HWY_ATTR { return LoadPart(d, x + i, end - i); }), d, y + i, end - i);
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

// Calls loop(Op()).
template <class Loop>
void Dispatch(kernels::BinaryOp op, const Loop& loop) {
  switch (op) {
    case kernels::BinaryOp::add:
      return loop(Add());
    case kernels::BinaryOp::subtract:
      return loop(Subtract());
    case kernels::BinaryOp::multiply:
      return loop(Multiply());
    case kernels::BinaryOp::divide:
      return loop(Divide());
    case kernels::BinaryOp::maximum:
      return loop(Maximum());
    case kernels::BinaryOp::minimum:
      return loop(Minimum());
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
  const std::size_t grain = kParallelGrain / std::max<std::size_t>(columns, 1);
  parallel_for(rows, std::max<std::size_t>(1, grain), [=](std::size_t begin, std::size_t end) HWY_ATTR {
    const hn::ScalableTag<float> d;
    const std::size_t lanes = hn::Lanes(d);
    for (std::size_t r = begin; r < end; ++r) {
      const float* from = x + r * columns;
      float* to = y + r * columns;
      std::size_t i = 0;
      for (; i + lanes <= columns; i += lanes) {
        hn::StoreU(hn::Add(hn::LoadU(d, from + i), hn::LoadU(d, bias + i)), d, to + i);
      }
      const std::size_t rest = columns - i;
      if (rest > 0) StorePart(hn::Add(LoadPart(d, from + i, rest), LoadPart(d, bias + i, rest)), d, to + i, rest);
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

// The sum of x or of x^2 in float64.
template <bool squared>
double WideSum(const float* x, std::size_t count) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> narrow;
  const std::size_t lanes = hn::Lanes(d);
  auto s0 = hn::Zero(d), s1 = hn::Zero(d), s2 = hn::Zero(d), s3 = hn::Zero(d);
  const auto take = [&](std::size_t i, auto& s) HWY_ATTR {
    const auto v = hn::PromoteTo(d, hn::LoadU(narrow, x + i));
    if constexpr (squared) {
      s = hn::MulAdd(v, v, s);
    } else {
      s = hn::Add(s, v);
    }
  };
  std::size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    take(i, s0);
    take(i + lanes, s1);
    take(i + 2 * lanes, s2);
    take(i + 3 * lanes, s3);
  }
  for (; i + lanes <= count; i += lanes) take(i, s0);
  double total = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
  for (; i < count; ++i) total += squared ? static_cast<double>(x[i]) * x[i] : x[i];
  return total;
}
double Sum(const float* x, std::size_t count) {
  return WideSum<false>(x, count);
}
double SumOfSquares(const float* x, std::size_t count) {
  return WideSum<true>(x, count);
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
HWY_EXPORT(Sum);
HWY_EXPORT(SumOfSquares);

namespace kernels {
namespace {

constexpr std::size_t kGrain = HWY_NAMESPACE::kParallelGrain;
constexpr std::size_t kSumBlock = 1024;
constexpr std::size_t kRowsPerBlock = 64;
constexpr std::size_t kColumnsPerTask = 256;

// Totals of a few columns.
struct ColumnSums {
  double values[kColumnsPerTask] = {};

  ColumnSums& operator+=(const ColumnSums& other) {
    for (std::size_t i = 0; i < kColumnsPerTask; ++i) values[i] += other.values[i];
    return *this;
  }
};

// The sums of `width` <= kColumnsPerTask columns over many rows.
ColumnSums sums_of_rows(const float* x, std::size_t rows, std::size_t width, std::size_t stride) {
  ColumnSums sums;
  float block[kColumnsPerTask];
  for (std::size_t r = 0; r < rows; r += kRowsPerBlock) {
    HWY_DYNAMIC_DISPATCH(AddRows)(x + r * stride, std::min(kRowsPerBlock, rows - r), width, stride, block);
    for (std::size_t i = 0; i < width; ++i) sums.values[i] += block[i];
  }
  return sums;
}

void store(const ColumnSums& sums, std::size_t width, float* y) {
  std::transform(sums.values, sums.values + width, y, [](double v) { return static_cast<float>(v); });
}

}  // namespace

void binary(BinaryOp op, const float* a, const float* b, float* y, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(Binary)(op, a, b, y, count);
}

void binary_scalar(BinaryOp op, const float* a, float b, float* y, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(BinaryScalar)(op, a, b, y, count);
}

void binary_scalar_first(BinaryOp op, float a, const float* b, float* y, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(BinaryScalarFirst)(op, a, b, y, count);
}

void scale(const float* x, float factor, float* y, std::size_t count) {
  binary_scalar(BinaryOp::multiply, x, factor, y, count);
}

void axpy(float factor, const float* x, float* y, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(Axpy)(factor, x, y, count);
}

void fill(float value, float* y, std::size_t count) {
  std::fill_n(y, count, value);
}

double sum(const float* x, std::size_t count) {
  return blocked_sum<double>(count, kSumBlock, [x](std::size_t begin, std::size_t end) {
    return HWY_DYNAMIC_DISPATCH(Sum)(x + begin, end - begin);
  });
}

double sum_of_squares(const float* x, std::size_t count) {
  return blocked_sum<double>(count, kSumBlock, [x](std::size_t begin, std::size_t end) {
    return HWY_DYNAMIC_DISPATCH(SumOfSquares)(x + begin, end - begin);
  });
}

void column_sums(const float* x, std::size_t rows, std::size_t columns, float* y) {
  // Few columns: threads share the rows (a convolution's bias); many: they share the columns.
  if (columns <= kColumnsPerTask && rows > kRowsPerBlock) {
    const ColumnSums sums = blocked_sum<ColumnSums>(rows, kRowsPerBlock, [=](std::size_t begin, std::size_t end) {
      return sums_of_rows(x + begin * columns, end - begin, columns, columns);
    });
    return store(sums, columns, y);
  }
  const std::size_t tasks = (columns + kColumnsPerTask - 1) / kColumnsPerTask;
  const std::size_t grain = kGrain / std::max<std::size_t>(rows * kColumnsPerTask, 1);
  parallel_for(tasks, std::max<std::size_t>(1, grain), [=](std::size_t begin, std::size_t end) {
    for (std::size_t task = begin; task < end; ++task) {
      const std::size_t from = task * kColumnsPerTask;
      const std::size_t width = std::min(kColumnsPerTask, columns - from);
      if (rows <= kRowsPerBlock) {
        HWY_DYNAMIC_DISPATCH(AddRows)(x + from, rows, width, columns, y + from);
      } else {
        store(sums_of_rows(x + from, rows, width, columns), width, y + from);
      }
    }
  });
}

void add_row(const float* x, const float* bias, float* y, std::size_t rows, std::size_t columns) {
  HWY_DYNAMIC_DISPATCH(AddRow)(x, bias, y, rows, columns);
}

}  // namespace kernels
}  // namespace evenflow
#endif
