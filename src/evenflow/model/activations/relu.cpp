#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/relu.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = x above the threshold, negative_slope (x - threshold) up to it, at most max_value. The threshold is not negative,
// so the sign of y tells on which side x was. A maximum of 0 stands for none. NaN stays NaN.
struct Relu {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters& p) {
    const V slope = hn::Set(d, p.values[0]);
    const V threshold = hn::Set(d, p.values[2]);
    // Not 0 times x: that would be NaN for -infinity.
    const V below = p.values[0] == 0.0f ? hn::Zero(d) : hn::Mul(slope, hn::Sub(x, threshold));
    const V y = hn::IfThenElse(hn::Le(x, threshold), below, x);
    if (p.values[1] == 0.0f) return y;
    const V maximum = hn::Set(d, p.values[1]);
    return hn::IfThenElse(hn::Gt(y, maximum), maximum, y);
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters& p) {
    V above = hn::Set(d, 1.0f);
    if (p.values[1] != 0.0f) above = hn::IfThenElseZero(hn::Lt(y, hn::Set(d, p.values[1])), above);
    return hn::IfThenElse(hn::Gt(y, hn::Zero(d)), above, hn::Set(d, p.values[0]));
  }
};
EVENFLOW_UNARY_LOOPS(Relu)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(Relu);

namespace activations {
extern const ActivationFunction relu;
constinit const ActivationFunction relu{
    .id = "relu",
    .onnx = "Relu",
    .parameters = R"({"negative_slope": 0.0, "max_value": null, "threshold": 0.0})",
    .f = [](double x, const UnaryParameters& p) -> double {
      const double y = x > p.values[2] || std::isnan(x) ? x : p.values[0] == 0 ? 0 : p.values[0] * (x - p.values[2]);
      return p.values[1] != 0 && y > p.values[1] ? p.values[1] : y;
    },
    .df = [](double x, const UnaryParameters& p) -> double {
      if (!(x > p.values[2] && x > 0)) return p.values[0];
      return p.values[1] == 0 || x < p.values[1] ? 1 : 0;
    },
    .kinks = {0},
    .has_dead_zone = true,
    .kernel = EVENFLOW_UNARY_FUNCTION("relu", Relu),
};
}  // namespace activations
}  // namespace evenflow
#endif
