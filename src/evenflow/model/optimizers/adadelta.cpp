#include "evenflow/model/optimizer_type.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/optimizers/adadelta.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/model/optimizers/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow::HWY_NAMESPACE {
namespace {

// M. D. Zeiler, "Adadelta", 2012: A = rho A + (1 - rho) g^2, delta = -sqrt(D + epsilon) / sqrt(A + epsilon) g,
// D = rho D + (1 - rho) delta^2, change lr delta.
struct Adadelta {
  static constexpr std::size_t kSlots = 2;
  template <class D, class V>
  static V Change(D d, V, V g, V* slots, const float* c) {
    const V rho = hn::Set(d, c[1]);
    const V rest = hn::Set(d, c[2]);
    const V epsilon = hn::Set(d, c[3]);
    slots[0] = hn::MulAdd(rho, slots[0], hn::Mul(rest, hn::Mul(g, g)));
    const V numerator = hn::Mul(hn::Sqrt(hn::Add(slots[1], epsilon)), g);
    const V delta = hn::Neg(hn::Div(numerator, hn::Sqrt(hn::Add(slots[0], epsilon))));
    slots[1] = hn::MulAdd(rho, slots[1], hn::Mul(rest, hn::Mul(delta, delta)));
    return hn::Mul(hn::Set(d, c[0]), delta);
  }
};

UpdateKernel AdadeltaKernel(std::size_t variant) {
  return Choose<Adadelta>(variant);
}

}  // namespace
}  // namespace evenflow::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(AdadeltaKernel);

namespace optimizers {
namespace {

UpdateRule rule(const Json& config) {
  const double rho = number(config, "rho");
  const double epsilon = number(config, "epsilon");
  return {.name = "Adadelta",
          .slots = {{"accumulated_grad"}, {"accumulated_delta_var"}},
          .coefficients =
              [=](std::uint64_t, double rate, float* out) {
                set(out, {rate, rho, 1 - rho, epsilon});
              },
          .update = HWY_DYNAMIC_DISPATCH(AdadeltaKernel)(0)};
}

// Of the first step: while gradients stay as they are, D and the changes keep growing.
double steady_update(const Json& config, double learning_rate, double gradient) {
  const double epsilon = number(config, "epsilon");
  const double accumulated = (1 - number(config, "rho")) * gradient * gradient;
  return learning_rate * gradient * std::sqrt(epsilon / (accumulated + epsilon));
}

}  // namespace

extern const OptimizerType adadelta;
constinit const OptimizerType adadelta{
    .id = "Adadelta",
    .defaults = R"({"learning_rate": 0.001, "rho": 0.95, "epsilon": 1e-07})",
    .keras2 = R"({"learning_rate": 1.0})",
    .adaptive = true,
    .interleaved = 2,
    .rule = rule,
    .steady_update = steady_update,
};

}  // namespace optimizers
}  // namespace evenflow
#endif
