#include "evenflow/tensor/kernels/softmax.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "evenflow/base/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/tensor/kernels/softmax.cpp"
// This order:
// clang-format off
#include "hwy/foreach_target.h"  // compiles what follows once per vector width
#include "hwy/highway.h"
#include "hwy/contrib/math/math-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace evenflow::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// The first `count` lanes from memory, the others `filler`.
HWY_INLINE V load_part(const float* x, std::size_t count, float filler) {
  const D d;
#if !HWY_MEM_OPS_MIGHT_FAULT
  const auto mask = hn::FirstN(d, count);
  return hn::IfThenElse(mask, hn::MaskedLoad(mask, d, x), hn::Set(d, filler));
#else
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(hn::Set(d, filler), d, lanes);
  std::memcpy(lanes, x, count * sizeof(float));
  return hn::Load(d, lanes);
#endif
}

HWY_INLINE void store_part(V v, float* y, std::size_t count) {
  const D d;
#if !HWY_MEM_OPS_MIGHT_FAULT
  hn::BlendedStore(v, hn::FirstN(d, count), d, y);
#else
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(v, d, lanes);
  std::memcpy(y, lanes, count * sizeof(float));
#endif
}

// Highway's Exp takes NaN to 0.
HWY_INLINE V exp_or_nan(V x) {
  const D d;
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(d, x));
}

// body(vector, index, lanes in use) for the whole of x.
template <class Body>
HWY_INLINE void for_each_vector(const float* x, std::size_t count, float filler, const Body& body) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) body(hn::LoadU(d, x + i), i, lanes);
  if (i < count) body(load_part(x + i, count - i, filler), i, count - i);
}

HWY_INLINE void store(V v, float* y, std::size_t count) {
  const D d;
  if (count == hn::Lanes(d)) {
    hn::StoreU(v, d, y);
  } else {
    store_part(v, y, count);
  }
}

HWY_INLINE float row_maximum(const float* x, std::size_t count) {
  const D d;
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  V maximum = hn::Set(d, kLowest);
  for_each_vector(x, count, kLowest, [&](V v, std::size_t, std::size_t) HWY_ATTR { maximum = hn::Max(maximum, v); });
  return hn::GetLane(hn::MaxOfLanes(d, maximum));
}

void softmax_row(const float* x, float* y, std::size_t count) {
  const D d;
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  const V maximum = hn::Set(d, row_maximum(x, count));
  V sum = hn::Zero(d);
  for_each_vector(x, count, kLowest, [&](V v, std::size_t i, std::size_t used) HWY_ATTR {
    const V e = exp_or_nan(hn::Sub(v, maximum));
    sum = hn::Add(sum, e);
    store(e, y + i, used);
  });
  const V inverse = hn::Set(d, 1.0f / hn::GetLane(hn::SumOfLanes(d, sum)));
  for_each_vector(y, count, 0.0f,
                  [&](V v, std::size_t i, std::size_t used) HWY_ATTR { store(hn::Mul(v, inverse), y + i, used); });
}

void log_softmax_row(const float* x, float* y, std::size_t count) {
  const D d;
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  const V maximum = hn::Set(d, row_maximum(x, count));
  V sum = hn::Zero(d);
  for_each_vector(x, count, kLowest,
                  [&](V v, std::size_t, std::size_t) HWY_ATTR { sum = hn::Add(sum, exp_or_nan(hn::Sub(v, maximum))); });
  const V logarithm = hn::Set(d, std::log(hn::GetLane(hn::SumOfLanes(d, sum))));
  for_each_vector(x, count, 0.0f, [&](V v, std::size_t i, std::size_t used) HWY_ATTR {
    store(hn::Sub(hn::Sub(v, maximum), logarithm), y + i, used);
  });
}

void softmax_gradient_row(const float* y, const float* dy, float* dx, std::size_t count) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const auto load = [&](const float* from, std::size_t used)
                        HWY_ATTR { return used == lanes ? hn::LoadU(d, from) : load_part(from, used, 0.0f); };
  V dot = hn::Zero(d);
  for_each_vector(y, count, 0.0f,
                  [&](V v, std::size_t i, std::size_t used) HWY_ATTR { dot = hn::MulAdd(v, load(dy + i, used), dot); });
  const V total = hn::Set(d, hn::GetLane(hn::SumOfLanes(d, dot)));
  for_each_vector(y, count, 0.0f, [&](V v, std::size_t i, std::size_t used) HWY_ATTR {
    store(hn::Mul(v, hn::Sub(load(dy + i, used), total)), dx + i, used);
  });
}

void log_softmax_gradient_row(const float* y, const float* dy, float* dx, std::size_t count) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const auto load = [&](const float* from, std::size_t used)
                        HWY_ATTR { return used == lanes ? hn::LoadU(d, from) : load_part(from, used, 0.0f); };
  V sum = hn::Zero(d);
  for_each_vector(dy, count, 0.0f, [&](V v, std::size_t, std::size_t) HWY_ATTR { sum = hn::Add(sum, v); });
  const V total = hn::Set(d, hn::GetLane(hn::SumOfLanes(d, sum)));
  for_each_vector(y, count, 0.0f, [&](V v, std::size_t i, std::size_t used) HWY_ATTR {
    store(hn::NegMulAdd(exp_or_nan(v), total, load(dy + i, used)), dx + i, used);
  });
}

void softmax_rows(const float* x, float* y, std::size_t rows, std::size_t columns) {
  for (std::size_t r = 0; r < rows; ++r) softmax_row(x + r * columns, y + r * columns, columns);
}
void log_softmax_rows(const float* x, float* y, std::size_t rows, std::size_t columns) {
  for (std::size_t r = 0; r < rows; ++r) log_softmax_row(x + r * columns, y + r * columns, columns);
}
void softmax_gradient_rows(const float* y, const float* dy, float* dx, std::size_t rows, std::size_t columns) {
  for (std::size_t r = 0; r < rows; ++r) {
    softmax_gradient_row(y + r * columns, dy + r * columns, dx + r * columns, columns);
  }
}
void log_softmax_gradient_rows(const float* y, const float* dy, float* dx, std::size_t rows, std::size_t columns) {
  for (std::size_t r = 0; r < rows; ++r) {
    log_softmax_gradient_row(y + r * columns, dy + r * columns, dx + r * columns, columns);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace evenflow::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow::kernels {
namespace {

HWY_EXPORT(softmax_rows);
HWY_EXPORT(log_softmax_rows);
HWY_EXPORT(softmax_gradient_rows);
HWY_EXPORT(log_softmax_gradient_rows);

// Rows that are worth a thread of their own: an exponential costs about a nanosecond.
std::size_t grain(std::size_t columns) {
  return std::max<std::size_t>(1, 8192 / std::max<std::size_t>(1, columns));
}

}  // namespace

void softmax(const float* x, float* y, std::size_t rows, std::size_t columns) {
  parallel_for(rows, grain(columns), [&](std::size_t begin, std::size_t end) {
    HWY_DYNAMIC_DISPATCH(softmax_rows)(x + begin * columns, y + begin * columns, end - begin, columns);
  });
}

void log_softmax(const float* x, float* y, std::size_t rows, std::size_t columns) {
  parallel_for(rows, grain(columns), [&](std::size_t begin, std::size_t end) {
    HWY_DYNAMIC_DISPATCH(log_softmax_rows)(x + begin * columns, y + begin * columns, end - begin, columns);
  });
}

void softmax_gradient(const float* y, const float* dy, float* dx, std::size_t rows, std::size_t columns) {
  parallel_for(rows, grain(columns), [&](std::size_t begin, std::size_t end) {
    const std::size_t at = begin * columns;
    HWY_DYNAMIC_DISPATCH(softmax_gradient_rows)(y + at, dy + at, dx + at, end - begin, columns);
  });
}

void log_softmax_gradient(const float* y, const float* dy, float* dx, std::size_t rows, std::size_t columns) {
  parallel_for(rows, grain(columns), [&](std::size_t begin, std::size_t end) {
    const std::size_t at = begin * columns;
    HWY_DYNAMIC_DISPATCH(log_softmax_gradient_rows)(y + at, dy + at, dx + at, end - begin, columns);
  });
}

}  // namespace evenflow::kernels
#endif  // HWY_ONCE
