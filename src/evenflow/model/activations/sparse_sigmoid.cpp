#include "evenflow/model/activation_function.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/sparse_sigmoid.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = (x + 1) / 2, clipped to [0, 1]
struct SparseSigmoid {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    const V one = hn::Set(d, 1.0f);
    const V y = hn::MulAdd(x, hn::Set(d, 0.5f), hn::Set(d, 0.5f));
    return hn::IfThenElse(hn::Lt(y, hn::Zero(d)), hn::Zero(d), hn::IfThenElse(hn::Gt(y, one), one, y));
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters&) {
    const auto inside = hn::And(hn::Gt(y, hn::Zero(d)), hn::Lt(y, hn::Set(d, 1.0f)));
    return hn::IfThenElseZero(inside, hn::Set(d, 0.5f));
  }
};
EVENFLOW_UNARY_LOOPS(SparseSigmoid)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(SparseSigmoid);

namespace activations {
extern const ActivationFunction sparse_sigmoid;
constinit const ActivationFunction sparse_sigmoid{
    .id = "sparse_sigmoid",
    .f = [](double x, const UnaryParameters&) -> double {
      const double y = x / 2 + 0.5;
      return y < 0 ? 0 : y > 1 ? 1 : y;
    },
    .df = [](double x, const UnaryParameters&) -> double { return x > -1 && x < 1 ? 0.5 : 0; },
    .kinks = {-1, 1},
    .saturated_below = 0,
    .saturated_above = 1,
    .has_dead_zone = true,
    .kernel = EVENFLOW_UNARY_FUNCTION("sparse_sigmoid", SparseSigmoid),
};
}  // namespace activations
}  // namespace evenflow
#endif
