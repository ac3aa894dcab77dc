#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/hard_shrink.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = x beyond the threshold, 0 within it
struct HardShrink {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters& p) {
    return hn::IfThenElse(hn::Le(hn::Abs(x), hn::Set(d, p.values[0])), hn::Zero(d), x);
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters&) {
    return hn::IfThenElseZero(hn::Ne(y, hn::Zero(d)), hn::Set(d, 1.0f));
  }
};
EVENFLOW_UNARY_LOOPS(HardShrink)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(HardShrink);

namespace activations {
extern const ActivationFunction hard_shrink;
constinit const ActivationFunction hard_shrink{
    .id = "hard_shrink",
    .onnx = "Shrink",
    .parameters = R"({"threshold": 0.5})",
    .f = [](double x, const UnaryParameters& p) -> double { return std::abs(x) <= p.values[0] ? 0 : x; },
    .df = [](double x, const UnaryParameters& p) -> double { return std::abs(x) <= p.values[0] ? 0 : 1; },
    .kinks = {-0.5, 0.5},
    .kernel = EVENFLOW_UNARY_FUNCTION("hard_shrink", HardShrink),
};
}  // namespace activations
}  // namespace evenflow
#endif
