#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/log_sigmoid.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = -log(1 + e^-x), dy/dx = sigmoid(-x) = 1 - e^y
struct LogSigmoid {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    const V tail = hn::Log1p(d, hn::Exp(d, hn::Neg(hn::Abs(x))));
    return hn::IfThenElse(hn::IsNaN(x), x, hn::Sub(hn::Min(x, hn::Zero(d)), tail));
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters&) {
    return hn::IfThenElse(hn::IsNaN(y), y, hn::Neg(hn::Expm1(d, y)));
  }
};
EVENFLOW_UNARY_LOOPS(LogSigmoid)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(LogSigmoid);

namespace activations {
extern const ActivationFunction log_sigmoid;
constinit const ActivationFunction log_sigmoid{
    .id = "log_sigmoid",
    .f = [](double x, const UnaryParameters&) -> double {
      return (x < 0 ? x : 0) - std::log1p(std::exp(-std::abs(x)));
    },
    .df = [](double x, const UnaryParameters&) -> double { return 1 / (1 + std::exp(x)); },
    .kernel = EVENFLOW_UNARY_FUNCTION("log_sigmoid", LogSigmoid),
};
}  // namespace activations
}  // namespace evenflow
#endif
