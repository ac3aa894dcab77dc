#include "evenflow/model/optimizer_type.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/optimizers/ftrl.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/model/optimizers/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow::HWY_NAMESPACE {
namespace {

// n^p; the usual p is 1/2.
template <class D, class V>
V Power(D d, V n, float p) {
  if (p == 0.5f) return hn::Sqrt(n);
  HWY_ALIGN float lanes[hn::MaxLanes(d)];
  hn::Store(n, d, lanes);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) lanes[i] = std::pow(lanes[i], p);
  return hn::Load(d, lanes);
}

// H. B. McMahan et al., "Ad click prediction", KDD 2013: n' = n + g^2, z = z + g + 2 shrinkage w - (n'^p - n^p) / lr w,
// w = (clip(z, -l1, l1) - z) / (n'^p / lr + 2 l2 + beta / lr).
struct Ftrl {
  static constexpr std::size_t kSlots = 2;
  template <class D, class V>
  static V Change(D d, V w, V g, V* slots, const float* c) {
    const V per_rate = hn::Set(d, c[0]);
    const V before = Power(d, slots[0], c[1]);
    slots[0] = hn::MulAdd(g, g, slots[0]);
    const V after = Power(d, slots[0], c[1]);
    const V shrinkage = hn::Set(d, c[2]);
    const V pull = hn::NegMulAdd(hn::Sub(after, before), per_rate, shrinkage);
    slots[1] = hn::Add(slots[1], hn::MulAdd(pull, w, g));
    const V limit = hn::Set(d, c[3]);
    const V z = slots[1];
    const V clipped =
        hn::IfThenElse(hn::Gt(z, limit), limit, hn::IfThenElse(hn::Lt(z, hn::Neg(limit)), hn::Neg(limit), z));
    const V quadratic = hn::MulAdd(after, per_rate, hn::Set(d, c[4]));
    return hn::Sub(hn::Div(hn::Sub(clipped, z), quadratic), w);
  }
};

UpdateKernel FtrlKernel(std::size_t variant) {
  return Choose<Ftrl>(variant);
}

}  // namespace
}  // namespace evenflow::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(FtrlKernel);

namespace optimizers {
namespace {

UpdateRule rule(const Json& config) {
  const double power = -number(config, "learning_rate_power");
  const double shrinkage = number(config, "l2_shrinkage_regularization_strength");
  const double l1 = number(config, "l1_regularization_strength");
  const double l2 = number(config, "l2_regularization_strength");
  const double beta = number(config, "beta");
  return {.name = "Ftrl",
          .slots = {{"accumulator", static_cast<float>(number(config, "initial_accumulator_value"))}, {"linear"}},
          .coefficients =
              [=](std::uint64_t, double rate, float* out) {
                set(out, {1 / rate, power, 2 * shrinkage, l1, 2 * l2 + beta / rate});
              },
          .update = HWY_DYNAMIC_DISPATCH(FtrlKernel)(0)};
}

// Of the first step without regularization: later ones shrink as the accumulator grows.
double steady_update(const Json& config, double learning_rate, double gradient) {
  const double accumulator = number(config, "initial_accumulator_value") + gradient * gradient;
  return learning_rate * gradient / std::pow(accumulator, -number(config, "learning_rate_power"));
}

}  // namespace

extern const OptimizerType ftrl;
constinit const OptimizerType ftrl{
    .id = "Ftrl",
    .defaults = R"({"learning_rate": 0.001, "learning_rate_power": -0.5, "initial_accumulator_value": 0.1,
                "l1_regularization_strength": 0.0, "l2_regularization_strength": 0.0,
                "l2_shrinkage_regularization_strength": 0.0, "beta": 0.0})",
    .adaptive = true,
    .interleaved = 2,
    .rule = rule,
    .steady_update = steady_update,
};

}  // namespace optimizers
}  // namespace evenflow
#endif
