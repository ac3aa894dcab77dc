#include "evenflow/model/optimizer_type.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/optimizers/rmsprop.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/model/optimizers/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow::HWY_NAMESPACE {
namespace {

constexpr int kMomentum = 1;
constexpr int kCentered = 2;

// T. Tieleman, G. Hinton, 2012: v = rho v + (1 - rho) g^2. Centered: the squared mean gradient is taken off v.
// Slots: v, with momentum the velocity, centered the mean gradient.
template <int kKind, class D, class V>
V Spread(D d, V g, V* slots, const float* c) {
  slots[0] = hn::MulAdd(hn::Set(d, c[1]), slots[0], hn::Mul(hn::Set(d, c[2]), hn::Mul(g, g)));
  if constexpr ((kKind & kCentered) == 0) return slots[0];
  V& mean = slots[kKind & kMomentum ? 2 : 1];
  mean = hn::MulAdd(hn::Set(d, c[1]), mean, hn::Mul(hn::Set(d, c[2]), g));
  return hn::NegMulAdd(mean, mean, slots[0]);
}

// Change lr g / sqrt(v + epsilon), epsilon inside the root as Keras 3 has it.
template <int kKind>
struct RmsProp {
  static constexpr std::size_t kSlots = 1 + (kKind & kMomentum ? 1 : 0) + (kKind & kCentered ? 1 : 0);
  template <class D, class V>
  static V Change(D d, V, V g, V* slots, const float* c) {
    const V spread = Spread<kKind>(d, g, slots, c);
    const V step = hn::Div(hn::Mul(hn::Set(d, c[0]), g), hn::Sqrt(hn::Add(spread, hn::Set(d, c[3]))));
    if constexpr ((kKind & kMomentum) == 0) return hn::Neg(step);
    slots[1] = hn::MulAdd(hn::Set(d, c[4]), slots[1], step);
    return hn::Neg(slots[1]);
  }
};
// Change lr g / (sqrt(v) + epsilon) of Keras 2 without momentum.
template <int kKind>
struct RmsPropKeras2 {
  static constexpr std::size_t kSlots = RmsProp<kKind>::kSlots;
  template <class D, class V>
  static V Change(D d, V, V g, V* slots, const float* c) {
    const V spread = Spread<kKind>(d, g, slots, c);
    return hn::Div(hn::Mul(hn::Set(d, -c[0]), g), hn::Add(hn::Sqrt(spread), hn::Set(d, c[3])));
  }
};

UpdateKernel RmsPropKernel(std::size_t variant) {
  return Choose<RmsProp<0>, RmsProp<1>, RmsProp<2>, RmsProp<3>, RmsPropKeras2<0>, RmsPropKeras2<kCentered>>(variant);
}

}  // namespace
}  // namespace evenflow::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(RmsPropKernel);

namespace optimizers {
namespace {

bool keras2_epsilon(const Json& config) {
  return config.at("keras2_epsilon").get<bool>() && number(config, "momentum") == 0;
}

UpdateRule rule(const Json& config) {
  const double rho = number(config, "rho");
  const double epsilon = number(config, "epsilon");
  const double momentum = number(config, "momentum");
  const bool centered = config.at("centered").get<bool>();
  UpdateRule rule{
      .name = "RMSprop", .slots = {{"velocity"}}, .coefficients = [=](std::uint64_t, double rate, float* out) {
        set(out, {rate, rho, 1 - rho, epsilon, momentum});
      }};
  if (momentum > 0) rule.slots.push_back({"momentum"});
  if (centered) rule.slots.push_back({"average_gradient"});
  const std::size_t kind = (momentum > 0 ? 1 : 0) + (centered ? 2 : 0);
  rule.update = HWY_DYNAMIC_DISPATCH(RmsPropKernel)(keras2_epsilon(config) ? 4 + kind / 2 : kind);
  return rule;
}

// With a constant gradient v is g^2. (Centered it would vanish; the uncentered size is what a varying gradient sees.)
double steady_update(const Json& config, double learning_rate, double gradient) {
  const double epsilon = number(config, "epsilon");
  const double root = keras2_epsilon(config) ? gradient + epsilon : std::sqrt(gradient * gradient + epsilon);
  return learning_rate * gradient / root / (1 - number(config, "momentum"));
}

}  // namespace

extern const OptimizerType rmsprop;
constinit const OptimizerType rmsprop{
    .id = "RMSprop",
    .defaults = R"({"learning_rate": 0.001, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-07, "centered": false,
                "keras2_epsilon": false})",
    .keras2 = R"({"keras2_epsilon": true})",
    .tf_keras = R"({"keras2_epsilon": true})",
    .adaptive = true,
    .rule = rule,
    .steady_update = steady_update,
};

}  // namespace optimizers
}  // namespace evenflow
#endif
