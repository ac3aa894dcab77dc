#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/exponential.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = e^x
struct Exponential {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    return ExpOrNan(d, x);
  }
  template <class D, class V>
  static V Slope(D, V, V y, const UnaryParameters&) {
    return y;
  }
};
EVENFLOW_UNARY_LOOPS(Exponential)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(Exponential);

namespace activations {
extern const ActivationFunction exponential;
constinit const ActivationFunction exponential{
    .id = "exponential",
    .onnx = "Exp",
    .f = [](double x, const UnaryParameters&) -> double { return std::exp(x); },
    .df = [](double x, const UnaryParameters&) -> double { return std::exp(x); },
    .kernel = EVENFLOW_UNARY_FUNCTION("exponential", Exponential),
};
}  // namespace activations
}  // namespace evenflow
#endif
