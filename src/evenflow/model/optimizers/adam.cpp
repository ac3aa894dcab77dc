#include "evenflow/model/optimizer_type.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/optimizers/adam.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/model/optimizers/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow::HWY_NAMESPACE {
namespace {

// D. P. Kingma, J. Ba, "Adam", ICLR 2015, with epsilon added to the uncorrected root of v (their "epsilon hat").
// AMSGrad (S. Reddi et al., ICLR 2018) divides by the largest v so far.
template <bool kAmsGrad>
struct Adam {
  static constexpr std::size_t kSlots = kAmsGrad ? 3 : 2;
  template <class D, class V>
  static V Change(D d, V, V g, V* slots, const float* c) {
    slots[0] = hn::MulAdd(hn::Sub(g, slots[0]), hn::Set(d, c[1]), slots[0]);
    slots[1] = hn::MulAdd(hn::MulSub(g, g, slots[1]), hn::Set(d, c[2]), slots[1]);
    V velocity = slots[1];
    if constexpr (kAmsGrad) {
      slots[2] = hn::IfThenElse(hn::Lt(slots[1], slots[2]), slots[2], slots[1]);
      velocity = slots[2];
    }
    return hn::Div(hn::Mul(hn::Set(d, -c[0]), slots[0]), hn::Add(hn::Sqrt(velocity), hn::Set(d, c[3])));
  }
};

UpdateKernel AdamKernel(std::size_t variant) {
  return Choose<Adam<false>, Adam<true>>(variant);
}

}  // namespace
}  // namespace evenflow::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(AdamKernel);

namespace optimizers {
namespace {

UpdateRule rule(const Json& config) {
  const double beta_1 = number(config, "beta_1");
  const double beta_2 = number(config, "beta_2");
  const double epsilon = number(config, "epsilon");
  const bool amsgrad = config.at("amsgrad").get<bool>();
  UpdateRule rule{.name = "Adam",
                  .slots = {{"momentum"}, {"velocity"}},
                  .coefficients = [=](std::uint64_t iteration, double rate, float* out) {
                    const auto t = static_cast<double>(iteration + 1);
                    const double corrected = rate * std::sqrt(1 - std::pow(beta_2, t)) / (1 - std::pow(beta_1, t));
                    set(out, {corrected, 1 - beta_1, 1 - beta_2, epsilon});
                  }};
  if (amsgrad) rule.slots.push_back({"velocity_hat"});
  rule.update = HWY_DYNAMIC_DISPATCH(AdamKernel)(amsgrad ? 1 : 0);
  return rule;
}

// With a constant gradient m is g and the root of v is |g|.
double steady_update(const Json& config, double learning_rate, double gradient) {
  return learning_rate * gradient / (gradient + number(config, "epsilon"));
}

}  // namespace

extern const OptimizerType adam;
constinit const OptimizerType adam{
    .id = "Adam",
    .defaults = R"({"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07, "amsgrad": false})",
    .adaptive = true,
    .interleaved = 2,
    .rule = rule,
    .steady_update = steady_update,
};

}  // namespace optimizers
}  // namespace evenflow
#endif
