#include "evenflow/model/activation_function.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/hard_sigmoid.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// Keras 3: y = x / 6 + 1/2, clipped to [0, 1]
struct HardSigmoid {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    const V one = hn::Set(d, 1.0f);
    const V y = hn::MulAdd(x, hn::Set(d, 1.0f / 6), hn::Set(d, 0.5f));
    return hn::IfThenElse(hn::Lt(y, hn::Zero(d)), hn::Zero(d), hn::IfThenElse(hn::Gt(y, one), one, y));
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters&) {
    const auto inside = hn::And(hn::Gt(y, hn::Zero(d)), hn::Lt(y, hn::Set(d, 1.0f)));
    return hn::IfThenElseZero(inside, hn::Set(d, 1.0f / 6));
  }
};
EVENFLOW_UNARY_LOOPS(HardSigmoid)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(HardSigmoid);

namespace activations {
extern const ActivationFunction hard_sigmoid;
constinit const ActivationFunction hard_sigmoid{
    .id = "hard_sigmoid",
    .onnx = "HardSigmoid",
    .f = [](double x, const UnaryParameters&) -> double {
      const double y = x / 6 + 0.5;
      return y < 0 ? 0 : y > 1 ? 1 : y;
    },
    .df = [](double x, const UnaryParameters&) -> double { return x > -3 && x < 3 ? 1.0 / 6 : 0; },
    .kinks = {-3, 3},
    .saturated_below = 0,
    .saturated_above = 1,
    .has_dead_zone = true,
    .kernel = EVENFLOW_UNARY_FUNCTION("hard_sigmoid", HardSigmoid),
};
}  // namespace activations
}  // namespace evenflow
#endif
