#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/silu.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = x sigmoid(x)
struct Silu {
  static constexpr bool kBackwardReadsX = true;
  static constexpr bool kBackwardReadsY = false;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    return hn::Mul(x, Sigmoid(d, x));
  }
  template <class D, class V>
  static V Slope(D d, V x, V, const UnaryParameters&) {
    const V e = ExpOrNan(d, hn::Neg(hn::Abs(x)));
    const V sum = hn::Add(hn::Set(d, 1.0f), e);
    return hn::MulAdd(x, hn::Div(e, hn::Mul(sum, sum)), Sigmoid(d, x));
  }
};
EVENFLOW_UNARY_LOOPS(Silu)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(Silu);

namespace activations {
extern const ActivationFunction silu;
constinit const ActivationFunction silu{
    .id = "silu",
    .alias = "swish",
    .f = [](double x, const UnaryParameters&) -> double { return x / (1 + std::exp(-x)); },
    .df = [](double x, const UnaryParameters&) -> double {
      const double s = 1 / (1 + std::exp(-x));
      return s * (1 + x * (1 - s));
    },
    .kernel = EVENFLOW_UNARY_FUNCTION("silu", Silu),
};
}  // namespace activations
}  // namespace evenflow
#endif
