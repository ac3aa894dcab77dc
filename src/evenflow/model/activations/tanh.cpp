#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/tanh.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = tanh(x), dy/dx = 1 - y^2
struct TanhFunction {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    return hn::IfThenElse(hn::IsNaN(x), x, hn::Tanh(d, x));
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters&) {
    return hn::NegMulAdd(y, y, hn::Set(d, 1.0f));
  }
};
EVENFLOW_UNARY_LOOPS(TanhFunction)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(TanhFunction);

namespace activations {
extern const ActivationFunction tanh;
constinit const ActivationFunction tanh{
    .id = "tanh",
    .onnx = "Tanh",
    .f = [](double x, const UnaryParameters&) -> double { return std::tanh(x); },
    .df = [](double x, const UnaryParameters&) -> double {
      const double y = std::tanh(x);
      return 1 - y * y;
    },
    .saturated_below = -0.97,
    .saturated_above = 0.97,
    .kernel = EVENFLOW_UNARY_FUNCTION("tanh", TanhFunction),
};
}  // namespace activations
}  // namespace evenflow
#endif
