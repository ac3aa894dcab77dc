#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/celu.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = x above 0, alpha (e^(x / alpha) - 1) below
struct Celu {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters& p) {
    const V alpha = hn::Set(d, p.values[0]);
    const V below = hn::Mul(alpha, hn::Expm1(d, hn::Div(hn::Min(x, hn::Zero(d)), alpha)));
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), below, x);
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters& p) {
    const V one = hn::Set(d, 1.0f);
    return hn::IfThenElse(hn::Gt(y, hn::Zero(d)), one, hn::Add(hn::Div(y, hn::Set(d, p.values[0])), one));
  }
};
EVENFLOW_UNARY_LOOPS(Celu)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(Celu);

namespace activations {
extern const ActivationFunction celu;
constinit const ActivationFunction celu{
    .id = "celu",
    .onnx = "Celu",
    .parameters = R"({"alpha": 1.0})",
    .f = [](double x, const UnaryParameters& p) -> double {
      return x < 0 ? p.values[0] * std::expm1(x / p.values[0]) : x;
    },
    .df = [](double x, const UnaryParameters& p) -> double { return x > 0 ? 1 : std::exp(x / p.values[0]); },
    .kinks = {0},
    .kernel = EVENFLOW_UNARY_FUNCTION("celu", Celu),
};
}  // namespace activations
}  // namespace evenflow
#endif
