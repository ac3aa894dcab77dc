#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/soft_shrink.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = x moved towards 0 by the threshold, 0 within it
struct SoftShrink {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters& p) {
    const V t = hn::Set(d, p.values[0]);
    const V far = hn::IfThenElse(hn::Gt(x, t), hn::Sub(x, t), hn::Add(x, t));
    return hn::IfThenElse(hn::Le(hn::Abs(x), t), hn::Zero(d), far);
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters&) {
    return hn::IfThenElseZero(hn::Ne(y, hn::Zero(d)), hn::Set(d, 1.0f));
  }
};
EVENFLOW_UNARY_LOOPS(SoftShrink)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(SoftShrink);

namespace activations {
extern const ActivationFunction soft_shrink;
constinit const ActivationFunction soft_shrink{
    .id = "soft_shrink",
    .onnx = "Shrink",
    .parameters = R"({"threshold": 0.5})",
    .f = [](double x, const UnaryParameters& p) -> double {
      return std::abs(x) <= p.values[0] ? 0 : x > 0 ? x - p.values[0] : x + p.values[0];
    },
    .df = [](double x, const UnaryParameters& p) -> double { return std::abs(x) <= p.values[0] ? 0 : 1; },
    .kinks = {-0.5, 0.5},
    .kernel = EVENFLOW_UNARY_FUNCTION("soft_shrink", SoftShrink),
};
}  // namespace activations
}  // namespace evenflow
#endif
