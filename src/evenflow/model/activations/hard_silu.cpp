#include "evenflow/model/activation_function.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/hard_silu.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = x hard_sigmoid(x)
struct HardSilu {
  static constexpr bool kBackwardReadsX = true;
  static constexpr bool kBackwardReadsY = false;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    const V half = hn::Set(d, 0.5f);
    const V gate = hn::MulAdd(x, hn::Set(d, 1.0f / 6), half);
    const V one = hn::Set(d, 1.0f);
    const V clipped =
        hn::IfThenElse(hn::Lt(gate, hn::Zero(d)), hn::Zero(d), hn::IfThenElse(hn::Gt(gate, one), one, gate));
    return hn::Mul(x, clipped);
  }
  template <class D, class V>
  static V Slope(D d, V x, V, const UnaryParameters&) {
    const V three = hn::Set(d, 3.0f);
    const V between = hn::MulAdd(x, hn::Set(d, 1.0f / 3), hn::Set(d, 0.5f));
    return hn::IfThenElse(hn::Le(x, hn::Neg(three)), hn::Zero(d),
                          hn::IfThenElse(hn::Ge(x, three), hn::Set(d, 1.0f), between));
  }
};
EVENFLOW_UNARY_LOOPS(HardSilu)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(HardSilu);

namespace activations {
extern const ActivationFunction hard_silu;
constinit const ActivationFunction hard_silu{
    .id = "hard_silu",
    .alias = "hard_swish",
    .onnx = "HardSwish",
    .f = [](double x, const UnaryParameters&) -> double {
      const double gate = x / 6 + 0.5;
      return x * (gate < 0 ? 0 : gate > 1 ? 1 : gate);
    },
    .df = [](double x, const UnaryParameters&) -> double { return x <= -3  ? 0
                                                                  : x >= 3 ? 1
                                                                           : x / 3 + 0.5; },
    .kinks = {-3, 3},
    .has_dead_zone = true,
    .kernel = EVENFLOW_UNARY_FUNCTION("hard_silu", HardSilu),
};
}  // namespace activations
}  // namespace evenflow
#endif
