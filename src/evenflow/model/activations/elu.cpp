#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/elu.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = x above 0, alpha (e^x - 1) below; there dy/dx = y + alpha
struct Elu {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters& p) {
    const V below = hn::Mul(hn::Set(d, p.values[0]), hn::Expm1(d, hn::Min(x, hn::Zero(d))));
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), below, x);
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters& p) {
    return hn::IfThenElse(hn::Gt(y, hn::Zero(d)), hn::Set(d, 1.0f), hn::Add(y, hn::Set(d, p.values[0])));
  }
};
EVENFLOW_UNARY_LOOPS(Elu)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(Elu);

namespace activations {
extern const ActivationFunction elu;
constinit const ActivationFunction elu{
    .id = "elu",
    .onnx = "Elu",
    .parameters = R"({"alpha": 1.0})",
    .f = [](double x, const UnaryParameters& p) -> double { return x < 0 ? p.values[0] * std::expm1(x) : x; },
    .df = [](double x, const UnaryParameters& p) -> double { return x > 0 ? 1.0 : p.values[0] * std::exp(x); },
    .kinks = {0},
    .kernel = EVENFLOW_UNARY_FUNCTION("elu", Elu),
};
}  // namespace activations
}  // namespace evenflow
#endif
