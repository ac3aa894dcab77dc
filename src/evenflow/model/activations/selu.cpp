#include "evenflow/model/activation_function.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/activations/selu.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = scale x above 0, scale alpha (e^x - 1) below, with the constants that make (0, 1) a fixed point of mean and
// variance. G. Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017.
struct Selu {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    const V scale = hn::Set(d, 1.0507009873554805f);
    const V below = hn::Mul(hn::Set(d, 1.7580993408473766f), hn::Expm1(d, hn::Min(x, hn::Zero(d))));
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), below, hn::Mul(scale, x));
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters&) {
    const V scale = hn::Set(d, 1.0507009873554805f);
    return hn::IfThenElse(hn::Gt(y, hn::Zero(d)), scale, hn::Add(y, hn::Set(d, 1.7580993408473766f)));
  }
};
EVENFLOW_UNARY_LOOPS(Selu)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(Selu);

namespace activations {
extern const ActivationFunction selu;
constinit const ActivationFunction selu{
    .id = "selu",
    .onnx = "Selu",
    .f = [](double x, const UnaryParameters&) -> double {
      return 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * std::expm1(x) : x);
    },
    .df = [](double x, const UnaryParameters&) -> double {
      return 1.0507009873554805 * (x > 0 ? 1 : 1.6732632423543772 * std::exp(x));
    },
    .kinks = {0},
    .kernel = EVENFLOW_UNARY_FUNCTION("selu", Selu),
};
}  // namespace activations
}  // namespace evenflow
#endif
