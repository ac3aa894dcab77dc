#include "evenflow/model/activation_function.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/linear.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = x
struct Linear {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = false;

  template <class D, class V>
  static V Forward(D, V x, const UnaryParameters&) {
    return x;
  }
  template <class D, class V>
  static V Slope(D d, V, V, const UnaryParameters&) {
    return hn::Set(d, 1.0f);
  }
};
EVENFLOW_UNARY_LOOPS(Linear)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(Linear);

namespace activations {
extern const ActivationFunction linear;
constinit const ActivationFunction linear{
    .id = "linear",
    .f = [](double x, const UnaryParameters&) -> double { return x; },
    .df = [](double, const UnaryParameters&) -> double { return 1; },
    .kernel = EVENFLOW_UNARY_FUNCTION("linear", Linear),
};
}  // namespace activations
}  // namespace evenflow
#endif
