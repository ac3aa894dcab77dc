#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/sigmoid.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = 1 / (1 + e^-x), dy/dx = y (1 - y)
struct SigmoidFunction {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    return Sigmoid(d, x);
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters&) {
    return hn::Mul(y, hn::Sub(hn::Set(d, 1.0f), y));
  }
};
EVENFLOW_UNARY_LOOPS(SigmoidFunction)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(SigmoidFunction);

namespace activations {
extern const ActivationFunction sigmoid;
constinit const ActivationFunction sigmoid{
    .id = "sigmoid",
    .onnx = "Sigmoid",
    .f = [](double x, const UnaryParameters&) -> double { return 1 / (1 + std::exp(-x)); },
    .df = [](double x, const UnaryParameters&) -> double {
      const double y = 1 / (1 + std::exp(-x));
      return y * (1 - y);
    },
    .saturated_below = 0.03,
    .saturated_above = 0.97,
    .kernel = EVENFLOW_UNARY_FUNCTION("sigmoid", SigmoidFunction),
};
}  // namespace activations
}  // namespace evenflow
#endif
