#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/squareplus.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = (x + sqrt(x^2 + b)) / 2
struct Squareplus {
  static constexpr bool kBackwardReadsX = true;
  static constexpr bool kBackwardReadsY = false;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters& p) {
    const V root = hn::Sqrt(hn::MulAdd(x, x, hn::Set(d, p.values[0])));
    return hn::Mul(hn::Set(d, 0.5f), hn::Add(x, root));
  }
  template <class D, class V>
  static V Slope(D d, V x, V, const UnaryParameters& p) {
    const V root = hn::Sqrt(hn::MulAdd(x, x, hn::Set(d, p.values[0])));
    return hn::Mul(hn::Set(d, 0.5f), hn::Add(hn::Set(d, 1.0f), hn::Div(x, root)));
  }
};
EVENFLOW_UNARY_LOOPS(Squareplus)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(Squareplus);

namespace activations {
extern const ActivationFunction squareplus;
constinit const ActivationFunction squareplus{
    .id = "squareplus",
    .parameters = R"({"b": 4.0})",
    .f = [](double x, const UnaryParameters& p) -> double { return (x + std::sqrt(x * x + p.values[0])) / 2; },
    .df = [](double x, const UnaryParameters& p) -> double { return (1 + x / std::sqrt(x * x + p.values[0])) / 2; },
    .kernel = EVENFLOW_UNARY_FUNCTION("squareplus", Squareplus),
};
}  // namespace activations
}  // namespace evenflow
#endif
