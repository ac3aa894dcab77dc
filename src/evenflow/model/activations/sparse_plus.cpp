#include "evenflow/model/activation_function.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/sparse_plus.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = 0 up to -1, x from 1 on, (x + 1)^2 / 4 between
struct SparsePlus {
  static constexpr bool kBackwardReadsX = true;
  static constexpr bool kBackwardReadsY = false;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    const V one = hn::Set(d, 1.0f);
    const V t = hn::Add(x, one);
    const V between = hn::Mul(hn::Mul(t, t), hn::Set(d, 0.25f));
    return hn::IfThenElse(hn::Le(x, hn::Neg(one)), hn::Zero(d), hn::IfThenElse(hn::Lt(x, one), between, x));
  }
  template <class D, class V>
  static V Slope(D d, V x, V, const UnaryParameters&) {
    const V one = hn::Set(d, 1.0f);
    const V between = hn::MulAdd(x, hn::Set(d, 0.5f), hn::Set(d, 0.5f));
    return hn::IfThenElse(hn::Le(x, hn::Neg(one)), hn::Zero(d), hn::IfThenElse(hn::Ge(x, one), one, between));
  }
};
EVENFLOW_UNARY_LOOPS(SparsePlus)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(SparsePlus);

namespace activations {
extern const ActivationFunction sparse_plus;
constinit const ActivationFunction sparse_plus{
    .id = "sparse_plus",
    .f = [](double x, const UnaryParameters&) -> double { return x <= -1 ? 0
                                                                 : x < 1 ? (x + 1) * (x + 1) / 4
                                                                         : x; },
    .df = [](double x, const UnaryParameters&) -> double { return x <= -1  ? 0
                                                                  : x >= 1 ? 1
                                                                           : (x + 1) / 2; },
    .kinks = {-1, 1},
    .has_dead_zone = true,
    .kernel = EVENFLOW_UNARY_FUNCTION("sparse_plus", SparsePlus),
};
}  // namespace activations
}  // namespace evenflow
#endif
