#include "evenflow/model/optimizer_type.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/optimizers/nadam.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/model/optimizers/nadam_schedule.h"
#include "evenflow/model/optimizers/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow::HWY_NAMESPACE {
namespace {

// T. Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016.
struct Nadam {
  static constexpr std::size_t kSlots = 2;
  template <class D, class V>
  static V Change(D d, V, V g, V* slots, const float* c) {
    slots[0] = hn::MulAdd(hn::Sub(g, slots[0]), hn::Set(d, c[2]), slots[0]);
    slots[1] = hn::MulAdd(hn::MulSub(g, g, slots[1]), hn::Set(d, c[3]), slots[1]);
    const V momentum = hn::MulAdd(hn::Set(d, c[0]), slots[0], hn::Mul(hn::Set(d, c[1]), g));
    const V root = hn::Mul(hn::Set(d, c[4]), hn::Sqrt(slots[1]));
    return hn::Neg(hn::Div(momentum, hn::Add(root, hn::Set(d, c[5]))));
  }
};

UpdateKernel NadamKernel(std::size_t variant) {
  return Choose<Nadam>(variant);
}

}  // namespace
}  // namespace evenflow::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(NadamKernel);

namespace optimizers {
namespace {

UpdateRule rule(const Json& config) {
  const double beta_1 = number(config, "beta_1");
  const double beta_2 = number(config, "beta_2");
  const double epsilon = number(config, "epsilon");
  NadamSchedule schedule(beta_1, number(config, "keras2_schedule_decay"));
  return {.name = "Nadam",
          .slots = {{"momentum"}, {"velocity"}},
          .coefficients =
              [=](std::uint64_t iteration, double rate, float* out) mutable {
                const std::uint64_t t = iteration + 1;
                const double next = schedule.momentum(t + 1);
                const double product = schedule.product(t);
                const double correction = std::sqrt(1 - std::pow(beta_2, static_cast<double>(t)));
                set(out, {rate * next / (1 - product * next), rate * (1 - schedule.momentum(t)) / (1 - product),
                          1 - beta_1, 1 - beta_2, 1 / correction, epsilon});
              },
          .update = HWY_DYNAMIC_DISPATCH(NadamKernel)(0)};
}

// With a constant gradient m is g, the root of v is |g|, and the parts of g add up to beta_1 m + (1 - beta_1) g.
double steady_update(const Json& config, double learning_rate, double gradient) {
  return learning_rate * gradient / (gradient + number(config, "epsilon"));
}

}  // namespace

extern const OptimizerType nadam;
constinit const OptimizerType nadam{
    .id = "Nadam",
    .defaults = R"({"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07,
                "keras2_schedule_decay": 1.0})",
    .keras2 = R"({"learning_rate": 0.002, "keras2_schedule_decay": 0.004})",
    .tf_keras = R"({"keras2_schedule_decay": 0.004})",
    .adaptive = true,
    .interleaved = 2,
    .rule = rule,
    .steady_update = steady_update,
};

}  // namespace optimizers
}  // namespace evenflow
#endif
