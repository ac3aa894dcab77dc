#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/gelu.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = x Phi(x), with Phi the normal distribution function; approximate: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
// erfc by W. H. Press et al., "Numerical Recipes", section 6.2 (Chebyshev fit, relative error below 1.2e-7).
struct Gelu {
  static constexpr bool kBackwardReadsX = true;
  static constexpr bool kBackwardReadsY = false;

  static constexpr float kRoot2OverPi = 0.7978845608028654f;
  static constexpr float kCubic = 0.044715f;

  template <class D, class V>
  static V Phi(D d, V x) {
    constexpr float kCoefficients[] = {0.17087277f,  -0.82215223f, 1.48851587f, -1.13520398f, 0.27886807f,
                                       -0.18628806f, 0.09678418f,  0.37409196f, 1.00002368f,  -1.26551223f};
    const V one = hn::Set(d, 1.0f);
    const V z = hn::Mul(hn::Abs(x), hn::Set(d, 0.7071067811865476f));
    const V t = hn::Div(one, hn::MulAdd(hn::Set(d, 0.5f), z, one));
    V polynomial = hn::Zero(d);
    for (const float c : kCoefficients) polynomial = hn::MulAdd(polynomial, t, hn::Set(d, c));
    const V tail = hn::Mul(hn::Mul(hn::Set(d, 0.5f), t), ExpOrNan(d, hn::NegMulAdd(z, z, polynomial)));
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(one, tail));
  }
  // (1 + tanh(u)) / 2 = sigmoid(2u)
  template <class D, class V>
  static V TanhPhi(D d, V x) {
    const V inner = hn::MulAdd(hn::Mul(hn::Set(d, kCubic), hn::Mul(x, x)), x, x);
    return Sigmoid(d, hn::Mul(hn::Set(d, 2 * kRoot2OverPi), inner));
  }

  // s (1 - s) for s = sigmoid(u), without the cancellation of 1 - s
  template <class D, class V>
  static V SigmoidSlope(D d, V u) {
    const V e = ExpOrNan(d, hn::Neg(hn::Abs(u)));
    const V sum = hn::Add(hn::Set(d, 1.0f), e);
    return hn::Div(e, hn::Mul(sum, sum));
  }

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters& p) {
    return hn::Mul(x, p.values[0] != 0.0f ? TanhPhi(d, x) : Phi(d, x));
  }
  template <class D, class V>
  static V Slope(D d, V x, V, const UnaryParameters& p) {
    if (p.values[0] != 0.0f) {
      // Beyond 100 the sigmoid's slope is 0; the bound keeps the square finite.
      const V square = hn::Min(hn::Mul(x, x), hn::Set(d, 1e4f));
      const V twice = hn::Set(d, 2 * kRoot2OverPi);
      const V inner_slope = hn::Mul(twice, hn::MulAdd(hn::Set(d, 3 * kCubic), square, hn::Set(d, 1.0f)));
      const V inner = hn::Mul(hn::Mul(twice, x), hn::MulAdd(hn::Set(d, kCubic), square, hn::Set(d, 1.0f)));
      return hn::MulAdd(x, hn::Mul(SigmoidSlope(d, inner), inner_slope), TanhPhi(d, x));
    }
    const V density = hn::Mul(hn::Set(d, 0.3989422804014327f), ExpOrNan(d, hn::Mul(hn::Set(d, -0.5f), hn::Mul(x, x))));
    return hn::MulAdd(x, density, Phi(d, x));
  }
};
EVENFLOW_UNARY_LOOPS(Gelu)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(Gelu);

namespace activations {
extern const ActivationFunction gelu;
constinit const ActivationFunction gelu{
    .id = "gelu",
    .onnx = "Gelu",
    .parameters = R"({"approximate": 0})",
    .f = [](double x, const UnaryParameters& p) -> double {
      if (p.values[0] == 0.0f) return x * 0.5 * std::erfc(-x * 0.7071067811865476);
      return 0.5 * x * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
    },
    .df = [](double x, const UnaryParameters& p) -> double {
      if (p.values[0] == 0.0f) {
        return 0.5 * std::erfc(-x * 0.7071067811865476) + x * 0.3989422804014327 * std::exp(-x * x / 2);
      }
      const double t = std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * 0.7978845608028654 * (1 + 3 * 0.044715 * x * x);
    },
    .kernel = EVENFLOW_UNARY_FUNCTION("gelu", Gelu),
};
}  // namespace activations
}  // namespace evenflow
#endif
