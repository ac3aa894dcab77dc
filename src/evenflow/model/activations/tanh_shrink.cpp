#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/tanh_shrink.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = x - tanh(x), dy/dx = tanh(x)^2
struct TanhShrink {
  static constexpr bool kBackwardReadsX = true;
  static constexpr bool kBackwardReadsY = false;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    return hn::IfThenElse(hn::IsNaN(x), x, hn::Sub(x, hn::Tanh(d, x)));
  }
  template <class D, class V>
  static V Slope(D d, V x, V, const UnaryParameters&) {
    const V t = hn::IfThenElse(hn::IsNaN(x), x, hn::Tanh(d, x));
    return hn::Mul(t, t);
  }
};
EVENFLOW_UNARY_LOOPS(TanhShrink)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(TanhShrink);

namespace activations {
extern const ActivationFunction tanh_shrink;
constinit const ActivationFunction tanh_shrink{
    .id = "tanh_shrink",
    .f = [](double x, const UnaryParameters&) -> double { return x - std::tanh(x); },
    .df = [](double x, const UnaryParameters&) -> double {
      const double t = std::tanh(x);
      return t * t;
    },
    .kernel = EVENFLOW_UNARY_FUNCTION("tanh_shrink", TanhShrink),
};
}  // namespace activations
}  // namespace evenflow
#endif
