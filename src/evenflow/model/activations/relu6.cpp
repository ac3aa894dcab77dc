#include "evenflow/model/activation_function.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/relu6.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = min(max(x, 0), 6)
struct Relu6 {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    const V six = hn::Set(d, 6.0f);
    const V y = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x);
    return hn::IfThenElse(hn::Gt(y, six), six, y);
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters&) {
    const auto inside = hn::And(hn::Gt(y, hn::Zero(d)), hn::Lt(y, hn::Set(d, 6.0f)));
    return hn::IfThenElseZero(inside, hn::Set(d, 1.0f));
  }
};
EVENFLOW_UNARY_LOOPS(Relu6)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(Relu6);

namespace activations {
extern const ActivationFunction relu6;
constinit const ActivationFunction relu6{
    .id = "relu6",
    .f = [](double x, const UnaryParameters&) -> double { return x < 0   ? 0
                                                                 : x > 6 ? 6
                                                                         : x; },
    .df = [](double x, const UnaryParameters&) -> double { return x > 0 && x < 6 ? 1 : 0; },
    .kinks = {0, 6},
    .saturated_above = 6,
    .has_dead_zone = true,
    .kernel = EVENFLOW_UNARY_FUNCTION("relu6", Relu6),
};
}  // namespace activations
}  // namespace evenflow
#endif
