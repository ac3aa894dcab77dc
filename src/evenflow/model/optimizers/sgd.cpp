#include "evenflow/model/optimizer_type.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/optimizers/sgd.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/model/optimizers/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow::HWY_NAMESPACE {
namespace {

// Gradient descent; with momentum m = mu m - lr g (the rate inside the velocity, as Keras has it).
// Nesterov: the change is mu m - lr g with the new m.
struct Sgd {
  static constexpr std::size_t kSlots = 0;
  template <class D, class V>
  static V Change(D d, V, V g, V*, const float* c) {
    return hn::Mul(hn::Set(d, -c[0]), g);
  }
};
struct Momentum {
  static constexpr std::size_t kSlots = 1;
  template <class D, class V>
  static V Change(D d, V, V g, V* slots, const float* c) {
    slots[0] = hn::NegMulAdd(hn::Set(d, c[0]), g, hn::Mul(hn::Set(d, c[1]), slots[0]));
    return slots[0];
  }
};
struct Nesterov {
  static constexpr std::size_t kSlots = 1;
  template <class D, class V>
  static V Change(D d, V, V g, V* slots, const float* c) {
    const V step = hn::Mul(hn::Set(d, c[0]), g);
    slots[0] = hn::MulSub(hn::Set(d, c[1]), slots[0], step);
    return hn::MulSub(hn::Set(d, c[1]), slots[0], step);
  }
};

UpdateKernel SgdKernel(std::size_t variant) {
  return Choose<Sgd, Momentum, Nesterov>(variant);
}

}  // namespace
}  // namespace evenflow::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(SgdKernel);

namespace optimizers {
namespace {

UpdateRule rule(const Json& config) {
  const double momentum = number(config, "momentum");
  UpdateRule rule{.name = "SGD", .slots = {}, .coefficients = [momentum](std::uint64_t, double rate, float* out) {
                    set(out, {rate, momentum});
                  }};
  if (momentum != 0) rule.slots = {{"momentum"}};
  const std::size_t variant = momentum == 0 ? 0 : config.at("nesterov").get<bool>() ? 2 : 1;
  rule.update = HWY_DYNAMIC_DISPATCH(SgdKernel)(variant);
  return rule;
}

// A constant gradient drives the velocity to lr g / (1 - momentum).
double steady_update(const Json& config, double learning_rate, double gradient) {
  return learning_rate * gradient / (1 - number(config, "momentum"));
}

}  // namespace

extern const OptimizerType sgd;
constinit const OptimizerType sgd{
    .id = "SGD",
    .defaults = R"({"learning_rate": 0.01, "momentum": 0.0, "nesterov": false})",
    .adaptive = false,
    .rule = rule,
    .steady_update = steady_update,
};

}  // namespace optimizers
}  // namespace evenflow
#endif
