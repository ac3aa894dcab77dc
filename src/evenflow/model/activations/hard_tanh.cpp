#include "evenflow/model/activation_function.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/hard_tanh.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = x, clipped to [-1, 1]
struct HardTanh {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    const V one = hn::Set(d, 1.0f);
    return hn::IfThenElse(hn::Lt(x, hn::Neg(one)), hn::Neg(one), hn::IfThenElse(hn::Gt(x, one), one, x));
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters&) {
    return hn::IfThenElseZero(hn::Lt(hn::Abs(y), hn::Set(d, 1.0f)), hn::Set(d, 1.0f));
  }
};
EVENFLOW_UNARY_LOOPS(HardTanh)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(HardTanh);

namespace activations {
extern const ActivationFunction hard_tanh;
constinit const ActivationFunction hard_tanh{
    .id = "hard_tanh",
    .f = [](double x, const UnaryParameters&) -> double { return x < -1  ? -1
                                                                 : x > 1 ? 1
                                                                         : x; },
    .df = [](double x, const UnaryParameters&) -> double { return x > -1 && x < 1 ? 1 : 0; },
    .kinks = {-1, 1},
    .saturated_below = -1,
    .saturated_above = 1,
    .has_dead_zone = true,
    .kernel = EVENFLOW_UNARY_FUNCTION("hard_tanh", HardTanh),
};
}  // namespace activations
}  // namespace evenflow
#endif
