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

  // sqrt(x^2 + b), without overflow of the square.
  template <class D, class V>
  static V Root(D d, V x, const UnaryParameters& p) {
    const V root = hn::Sqrt(hn::MulAdd(x, x, hn::Set(d, p.values[0])));
    return hn::IfThenElse(hn::Gt(hn::Abs(x), hn::Set(d, 1e18f)), hn::Abs(x), root);
  }
  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters& p) {
    const V half = hn::Set(d, 0.5f);
    const V root = Root(d, x, p);
    const V below = hn::Div(hn::Mul(half, hn::Set(d, p.values[0])), hn::Add(root, hn::Abs(x)));
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), below, hn::MulAdd(half, x, hn::Mul(half, root)));
  }
  template <class D, class V>
  static V Slope(D d, V x, V, const UnaryParameters& p) {
    return hn::Div(Forward(d, x, p), Root(d, x, p));
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
    .f = [](double x, const UnaryParameters& p) -> double {
      const double root = std::sqrt(x * x + p.values[0]);
      return x < 0 ? p.values[0] / 2 / (root - x) : (x + root) / 2;
    },
    .df = [](double x, const UnaryParameters& p) -> double {
      const double root = std::sqrt(x * x + p.values[0]);
      return x < 0 ? p.values[0] / 2 / (root - x) / root : (1 + x / root) / 2;
    },
    .kernel = EVENFLOW_UNARY_FUNCTION("squareplus", Squareplus),
};
}  // namespace activations
}  // namespace evenflow
#endif
