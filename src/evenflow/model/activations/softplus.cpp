#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/softplus.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = log(1 + e^x) = max(x, 0) + log(1 + e^-|x|); dy/dx = sigmoid(x) = 1 - e^-y
struct Softplus {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    const V tail = hn::Log1p(d, hn::Exp(d, hn::Neg(hn::Abs(x))));
    return hn::IfThenElse(hn::IsNaN(x), x, hn::Add(hn::Max(x, hn::Zero(d)), tail));
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters&) {
    return hn::IfThenElse(hn::IsNaN(y), y, hn::Neg(hn::Expm1(d, hn::Neg(y))));
  }
};
EVENFLOW_UNARY_LOOPS(Softplus)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(Softplus);

namespace activations {
extern const ActivationFunction softplus;
constinit const ActivationFunction softplus{
    .id = "softplus",
    .onnx = "Softplus",
    .f = [](double x, const UnaryParameters&) -> double {
      return (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x)));
    },
    .df = [](double x, const UnaryParameters&) -> double { return 1 / (1 + std::exp(-x)); },
    .kernel = EVENFLOW_UNARY_FUNCTION("softplus", Softplus),
};
}  // namespace activations
}  // namespace evenflow
#endif
