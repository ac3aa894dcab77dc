#include "evenflow/model/activation_function.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/leaky_relu.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = x above 0, negative_slope x below
struct LeakyRelu {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters& p) {
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(hn::Set(d, p.values[0]), x), x);
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters& p) {
    return hn::IfThenElse(hn::Gt(y, hn::Zero(d)), hn::Set(d, 1.0f), hn::Set(d, p.values[0]));
  }
};
EVENFLOW_UNARY_LOOPS(LeakyRelu)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(LeakyRelu);

namespace activations {
extern const ActivationFunction leaky_relu;
constinit const ActivationFunction leaky_relu{
    .id = "leaky_relu",
    .onnx = "LeakyRelu",
    .parameters = R"({"negative_slope": 0.2})",
    .f = [](double x, const UnaryParameters& p) -> double { return x < 0 ? p.values[0] * x : x; },
    .df = [](double x, const UnaryParameters& p) -> double { return x > 0 ? 1.0 : p.values[0]; },
    .kinks = {0},
    .kernel = EVENFLOW_UNARY_FUNCTION("leaky_relu", LeakyRelu),
};
}  // namespace activations
}  // namespace evenflow
#endif
