// Loops over arrays for functions written on Highway vectors. Included once per target, after hwy/foreach_target.h.
//
// A function is a struct with
//   template <class D, class V> static V Forward(D d, V x, const UnaryParameters& p);
//   template <class D, class V> static V Slope(D d, V x, V y, const UnaryParameters& p);   // dy/dx
//   static constexpr bool kBackwardReadsX, kBackwardReadsY;   // which of x and y Slope looks at

// Target-specific include guard, as Highway's own -inl.h headers have.
#if defined(EVENFLOW_TENSOR_KERNELS_ELEMENTWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENFLOW_TENSOR_KERNELS_ELEMENTWISE_INL_H_
#undef EVENFLOW_TENSOR_KERNELS_ELEMENTWISE_INL_H_
#else
#define EVENFLOW_TENSOR_KERNELS_ELEMENTWISE_INL_H_
#endif

#include <cstddef>
#include <cstring>

#include "evenflow/base/threads.h"
#include "evenflow/tensor/kernels/unary.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Arrays from twice this size on are worth a second thread.
inline constexpr std::size_t kParallelGrain = std::size_t{1} << 15;

// The first `count` lanes; the others are zero. (Where a masked access may touch what lies behind, through a copy.)
template <class D>
HWY_INLINE hn::Vec<D> LoadPart(D d, const float* x, std::size_t count) {
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
  std::memcpy(lanes, x, count * sizeof(float));
  return hn::Load(d, lanes);
#else
  return hn::MaskedLoad(hn::FirstN(d, count), d, x);
#endif
}

template <class D>
HWY_INLINE void StorePart(hn::Vec<D> v, D d, float* y, std::size_t count) {
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(v, d, lanes);
  std::memcpy(y, lanes, count * sizeof(float));
#else
  hn::BlendedStore(v, hn::FirstN(d, count), d, y);
#endif
}

template <class Function>
void MapForward(const float* x, float* y, std::size_t count, const UnaryParameters& parameters) {
  parallel_for(count, kParallelGrain, [=](std::size_t begin, std::size_t end) HWY_ATTR {
    const hn::ScalableTag<float> d;
    const std::size_t lanes = hn::Lanes(d);
    std::size_t i = begin;
    for (; i + lanes <= end; i += lanes) hn::StoreU(Function::Forward(d, hn::LoadU(d, x + i), parameters), d, y + i);
    if (i < end) StorePart(Function::Forward(d, LoadPart(d, x + i, end - i), parameters), d, y + i, end - i);
  });
}

template <class Function>
void MapBackward(const float* x, const float* y, const float* dy, float* dx, std::size_t count,
                 const UnaryParameters& parameters) {
  parallel_for(count, kParallelGrain, [=](std::size_t begin, std::size_t end) HWY_ATTR {
    const hn::ScalableTag<float> d;
    const std::size_t lanes = hn::Lanes(d);
    const auto zero = hn::Zero(d);
    std::size_t i = begin;
    for (; i + lanes <= end; i += lanes) {
      const auto xv = Function::kBackwardReadsX ? hn::LoadU(d, x + i) : zero;
      const auto yv = Function::kBackwardReadsY ? hn::LoadU(d, y + i) : zero;
      hn::StoreU(hn::Mul(hn::LoadU(d, dy + i), Function::Slope(d, xv, yv, parameters)), d, dx + i);
    }
    if (i < end) {
      const auto xv = Function::kBackwardReadsX ? LoadPart(d, x + i, end - i) : zero;
      const auto yv = Function::kBackwardReadsY ? LoadPart(d, y + i, end - i) : zero;
      StorePart(hn::Mul(LoadPart(d, dy + i, end - i), Function::Slope(d, xv, yv, parameters)), d, dx + i, end - i);
    }
  });
}

// e^x. Highway's own takes NaN to 0, and numbers from 178 on to any value; at 100 it is infinite.
template <class D, class V>
HWY_INLINE V ExpOrNan(D d, V x) {
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(d, hn::Min(x, hn::Set(d, 100.0f))));
}

// 1 / (1 + e^-x) without overflow: e^-|x| is at most 1.
template <class D, class V>
HWY_INLINE V Sigmoid(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V e = ExpOrNan(d, hn::Neg(hn::Abs(x)));
  const V y = hn::Div(one, hn::Add(one, e));
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(e, y), y);
}

}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#endif  // EVENFLOW_TENSOR_KERNELS_ELEMENTWISE_INL_H_

#ifndef EVENFLOW_UNARY_LOOPS
// The frame around a function F of an activation's file: its loops, their dispatch over targets, and the UnaryFunction.
#define EVENFLOW_UNARY_LOOPS(F)                                                                   \
  void F##Forward(const float* x, float* y, std::size_t count, const UnaryParameters& p) {        \
    MapForward<F>(x, y, count, p);                                                                \
  }                                                                                               \
  void F##Backward(const float* x, const float* y, const float* dy, float* dx, std::size_t count, \
                   const UnaryParameters& p) {                                                    \
    MapBackward<F>(x, y, dy, dx, count, p);                                                       \
  }
#define EVENFLOW_UNARY_EXPORT(F) \
  HWY_EXPORT(F##Forward);        \
  HWY_EXPORT(F##Backward)
#define EVENFLOW_UNARY_FUNCTION(id, F)                                                                                \
  UnaryFunction {                                                                                                     \
    id,                                                                                                               \
        [](const float* x, float* y, std::size_t count, const UnaryParameters& p) {                                   \
          HWY_DYNAMIC_DISPATCH(F##Forward)(x, y, count, p);                                                           \
        },                                                                                                            \
        [](const float* x, const float* y, const float* dy, float* dx, std::size_t count, const UnaryParameters& p) { \
          HWY_DYNAMIC_DISPATCH(F##Backward)(x, y, dy, dx, count, p);                                                  \
        },                                                                                                            \
        HWY_NAMESPACE::F::kBackwardReadsX, HWY_NAMESPACE::F::kBackwardReadsY                                          \
  }
#endif  // EVENFLOW_UNARY_LOOPS
