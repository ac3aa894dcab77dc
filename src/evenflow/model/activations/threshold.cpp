#include "evenflow/model/activation_function.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/threshold.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = x above the threshold, default_value up to it
struct Threshold {
  static constexpr bool kBackwardReadsX = true;
  static constexpr bool kBackwardReadsY = false;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters& p) {
    return hn::IfThenElse(hn::Le(x, hn::Set(d, p.values[0])), hn::Set(d, p.values[1]), x);
  }
  template <class D, class V>
  static V Slope(D d, V x, V, const UnaryParameters& p) {
    return hn::IfThenElseZero(hn::Gt(x, hn::Set(d, p.values[0])), hn::Set(d, 1.0f));
  }
};
EVENFLOW_UNARY_LOOPS(Threshold)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(Threshold);

namespace activations {
extern const ActivationFunction threshold;
constinit const ActivationFunction threshold{
    .id = "threshold",
    .parameters = R"({"threshold": 0.0, "default_value": 0.0})",
    .f = [](double x, const UnaryParameters& p) -> double { return x <= p.values[0] ? p.values[1] : x; },
    .df = [](double x, const UnaryParameters& p) -> double { return x > p.values[0] ? 1 : 0; },
    .kinks = {0},
    .has_dead_zone = true,
    .kernel = EVENFLOW_UNARY_FUNCTION("threshold", Threshold),
};
}  // namespace activations
}  // namespace evenflow
#endif
