#include "evenflow/model/optimizer_type.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/optimizers/adagrad.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/model/optimizers/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow::HWY_NAMESPACE {
namespace {

// J. Duchi et al., JMLR 2011: A = A + g^2, change lr g / sqrt(A + epsilon), epsilon inside the root as Keras 3 has it.
struct Adagrad {
  static constexpr std::size_t kSlots = 1;
  template <class D, class V>
  static V Change(D d, V, V g, V* slots, const float* c) {
    slots[0] = hn::MulAdd(g, g, slots[0]);
    return hn::Div(hn::Mul(hn::Set(d, -c[0]), g), hn::Sqrt(hn::Add(slots[0], hn::Set(d, c[1]))));
  }
};
// Keras 2: lr g / (sqrt(A) + epsilon).
struct AdagradKeras2 {
  static constexpr std::size_t kSlots = 1;
  template <class D, class V>
  static V Change(D d, V, V g, V* slots, const float* c) {
    slots[0] = hn::MulAdd(g, g, slots[0]);
    return hn::Div(hn::Mul(hn::Set(d, -c[0]), g), hn::Add(hn::Sqrt(slots[0]), hn::Set(d, c[1])));
  }
};

UpdateKernel AdagradKernel(std::size_t variant) {
  return Choose<Adagrad, AdagradKeras2>(variant);
}

}  // namespace
}  // namespace evenflow::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(AdagradKernel);

namespace optimizers {
namespace {

UpdateRule rule(const Json& config) {
  const double epsilon = number(config, "epsilon");
  const bool keras2 = config.at("keras2_epsilon").get<bool>();
  return {.name = "Adagrad",
          .slots = {{"accumulator", static_cast<float>(number(config, "initial_accumulator_value"))}},
          .coefficients =
              [=](std::uint64_t, double rate, float* out) {
                set(out, {rate, epsilon});
              },
          .update = HWY_DYNAMIC_DISPATCH(AdagradKernel)(keras2 ? 1 : 0)};
}

// Of the first step: later ones shrink as the accumulator grows.
double steady_update(const Json& config, double learning_rate, double gradient) {
  const double accumulator = number(config, "initial_accumulator_value") + gradient * gradient;
  const double epsilon = number(config, "epsilon");
  const bool keras2 = config.at("keras2_epsilon").get<bool>();
  return learning_rate * gradient / (keras2 ? std::sqrt(accumulator) + epsilon : std::sqrt(accumulator + epsilon));
}

}  // namespace

extern const OptimizerType adagrad;
constinit const OptimizerType adagrad{
    .id = "Adagrad",
    .defaults =
        R"({"learning_rate": 0.001, "initial_accumulator_value": 0.1, "epsilon": 1e-07, "keras2_epsilon": false})",
    .keras2 = R"({"learning_rate": 0.01, "initial_accumulator_value": 0.0, "keras2_epsilon": true})",
    .tf_keras = R"({"keras2_epsilon": true})",
    .adaptive = true,
    .rule = rule,
    .steady_update = steady_update,
};

}  // namespace optimizers
}  // namespace evenflow
#endif
