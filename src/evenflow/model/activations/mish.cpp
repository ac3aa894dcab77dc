#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/mish.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = x tanh(softplus(x)). With e = e^x and n = e (e + 2): tanh(softplus(x)) = n / (n + 2), and 1 minus its square is
// 4 (n + 1) / (n + 2)^2. Beyond 20 both have reached their limits in float32.
struct Mish {
  static constexpr bool kBackwardReadsX = true;
  static constexpr bool kBackwardReadsY = false;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    const V e = ExpOrNan(d, hn::IfThenElse(hn::Gt(x, hn::Set(d, 20.0f)), hn::Set(d, 20.0f), x));
    const V n = hn::Mul(e, hn::Add(e, hn::Set(d, 2.0f)));
    return hn::Mul(x, hn::Div(n, hn::Add(n, hn::Set(d, 2.0f))));
  }
  template <class D, class V>
  static V Slope(D d, V x, V, const UnaryParameters&) {
    const V one = hn::Set(d, 1.0f);
    const V two = hn::Set(d, 2.0f);
    const V bounded = hn::IfThenElse(hn::Gt(x, hn::Set(d, 20.0f)), hn::Set(d, 20.0f), x);
    const V e = ExpOrNan(d, bounded);
    const V n = hn::Mul(e, hn::Add(e, two));
    const V inverse = hn::Div(one, hn::Add(n, two));
    const V rest = hn::Mul(hn::Mul(hn::Set(d, 4.0f), hn::Add(n, one)), hn::Mul(inverse, inverse));
    return hn::MulAdd(hn::Mul(bounded, Sigmoid(d, x)), rest, hn::Mul(n, inverse));
  }
};
EVENFLOW_UNARY_LOOPS(Mish)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(Mish);

namespace activations {
extern const ActivationFunction mish;
constinit const ActivationFunction mish{
    .id = "mish",
    .onnx = "Mish",
    .f = [](double x, const UnaryParameters&) -> double {
      return x * std::tanh((x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x))));
    },
    .df = [](double x, const UnaryParameters&) -> double {
      if (x > 40) return 1;  // also for infinity
      const double t = std::tanh((x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x))));
      return t + x * (1 - t * t) / (1 + std::exp(-x));
    },
    .kernel = EVENFLOW_UNARY_FUNCTION("mish", Mish),
};
}  // namespace activations
}  // namespace evenflow
#endif
