#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/softsign.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = x / (1 + |x|), dy/dx = 1 / (1 + |x|)^2
struct Softsign {
  static constexpr bool kBackwardReadsX = true;
  static constexpr bool kBackwardReadsY = false;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    return hn::Div(x, hn::Add(hn::Set(d, 1.0f), hn::Abs(x)));
  }
  template <class D, class V>
  static V Slope(D d, V x, V, const UnaryParameters&) {
    const V inverse = hn::Div(hn::Set(d, 1.0f), hn::Add(hn::Set(d, 1.0f), hn::Abs(x)));
    return hn::Mul(inverse, inverse);
  }
};
EVENFLOW_UNARY_LOOPS(Softsign)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(Softsign);

namespace activations {
extern const ActivationFunction softsign;
constinit const ActivationFunction softsign{
    .id = "softsign",
    .onnx = "Softsign",
    .f = [](double x, const UnaryParameters&) -> double { return x / (1 + std::abs(x)); },
    .df = [](double x, const UnaryParameters&) -> double { return 1 / ((1 + std::abs(x)) * (1 + std::abs(x))); },
    .kernel = EVENFLOW_UNARY_FUNCTION("softsign", Softsign),
};
}  // namespace activations
}  // namespace evenflow
#endif
