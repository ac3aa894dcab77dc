#include "evenflow/model/optimizer_type.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/optimizers/rmsprop.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/model/optimizers/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// T. Tieleman, G. Hinton, 2012: v = rho v + (1 - rho) g^2, change lr g / sqrt(v + epsilon), epsilon inside the root as
// Keras 3 has it. Centered: the squared mean gradient is taken off v.
struct RmsProp {
  static constexpr std::size_t kSlots = 1;
  template <class D, class V>
  static V Change(D d, V g, V* slots, const float* c) {
    slots[0] = hn::MulAdd(hn::Set(d, c[1]), slots[0], hn::Mul(hn::Set(d, c[2]), hn::Mul(g, g)));
    const V spread = slots[0];
    const V step = hn::Div(hn::Mul(hn::Set(d, c[0]), g), hn::Sqrt(hn::Add(spread, hn::Set(d, c[3]))));
    return hn::Neg(step);
  }
};
struct RmsPropMomentum {
  static constexpr std::size_t kSlots = 2;
  template <class D, class V>
  static V Change(D d, V g, V* slots, const float* c) {
    slots[0] = hn::MulAdd(hn::Set(d, c[1]), slots[0], hn::Mul(hn::Set(d, c[2]), hn::Mul(g, g)));
    const V spread = slots[0];
    const V step = hn::Div(hn::Mul(hn::Set(d, c[0]), g), hn::Sqrt(hn::Add(spread, hn::Set(d, c[3]))));
    slots[1] = hn::MulAdd(hn::Set(d, c[4]), slots[1], step);
    return hn::Neg(slots[1]);
  }
};
struct RmsPropCentered {
  static constexpr std::size_t kSlots = 2;
  template <class D, class V>
  static V Change(D d, V g, V* slots, const float* c) {
    slots[0] = hn::MulAdd(hn::Set(d, c[1]), slots[0], hn::Mul(hn::Set(d, c[2]), hn::Mul(g, g)));
    slots[1] = hn::MulAdd(hn::Set(d, c[1]), slots[1], hn::Mul(hn::Set(d, c[2]), g));
    const V spread = hn::NegMulAdd(slots[1], slots[1], slots[0]);
    const V step = hn::Div(hn::Mul(hn::Set(d, c[0]), g), hn::Sqrt(hn::Add(spread, hn::Set(d, c[3]))));
    return hn::Neg(step);
  }
};
struct RmsPropMomentumCentered {
  static constexpr std::size_t kSlots = 3;
  template <class D, class V>
  static V Change(D d, V g, V* slots, const float* c) {
    slots[0] = hn::MulAdd(hn::Set(d, c[1]), slots[0], hn::Mul(hn::Set(d, c[2]), hn::Mul(g, g)));
    slots[2] = hn::MulAdd(hn::Set(d, c[1]), slots[2], hn::Mul(hn::Set(d, c[2]), g));
    const V spread = hn::NegMulAdd(slots[2], slots[2], slots[0]);
    const V step = hn::Div(hn::Mul(hn::Set(d, c[0]), g), hn::Sqrt(hn::Add(spread, hn::Set(d, c[3]))));
    slots[1] = hn::MulAdd(hn::Set(d, c[4]), slots[1], step);
    return hn::Neg(slots[1]);
  }
};

void RmsPropUpdate(const UpdateBlock& block) {
  Update<RmsProp>(block);
}
void RmsPropMomentumUpdate(const UpdateBlock& block) {
  Update<RmsPropMomentum>(block);
}
void RmsPropCenteredUpdate(const UpdateBlock& block) {
  Update<RmsPropCentered>(block);
}
void RmsPropMomentumCenteredUpdate(const UpdateBlock& block) {
  Update<RmsPropMomentumCentered>(block);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(RmsPropUpdate);
HWY_EXPORT(RmsPropMomentumUpdate);
HWY_EXPORT(RmsPropCenteredUpdate);
HWY_EXPORT(RmsPropMomentumCenteredUpdate);

namespace optimizers {
namespace {

// hyperparameters: rho, momentum, epsilon. Coefficients: rate, rho, 1 - rho, epsilon, momentum.
void coefficients(const double* hyper, std::uint64_t, double learning_rate, float* out) {
  out[0] = static_cast<float>(learning_rate);
  out[1] = static_cast<float>(hyper[0]);
  out[2] = static_cast<float>(1 - hyper[0]);
  out[3] = static_cast<float>(hyper[2]);
  out[4] = static_cast<float>(hyper[1]);
}

double momentum(const Json& config) {
  return config.at("momentum").get<double>();
}
bool centered(const Json& config) {
  return config.at("centered").get<bool>();
}

constexpr UpdateRule kRmsProp{
    .name = "RMSprop", .slots = 1, .initial = {}, .coefficients = coefficients, .update = [](const UpdateBlock& block) {
      HWY_DYNAMIC_DISPATCH(RmsPropUpdate)(block);
    }};
constexpr UpdateRule kRmsPropMomentum{
    .name = "RMSprop", .slots = 2, .initial = {}, .coefficients = coefficients, .update = [](const UpdateBlock& block) {
      HWY_DYNAMIC_DISPATCH(RmsPropMomentumUpdate)(block);
    }};
constexpr UpdateRule kRmsPropCentered{
    .name = "RMSprop", .slots = 2, .initial = {}, .coefficients = coefficients, .update = [](const UpdateBlock& block) {
      HWY_DYNAMIC_DISPATCH(RmsPropCenteredUpdate)(block);
    }};
constexpr UpdateRule kRmsPropMomentumCentered{
    .name = "RMSprop", .slots = 3, .initial = {}, .coefficients = coefficients, .update = [](const UpdateBlock& block) {
      HWY_DYNAMIC_DISPATCH(RmsPropMomentumCenteredUpdate)(block);
    }};

std::vector<std::string> slots(const Json& config) {
  std::vector<std::string> names{"velocity"};
  if (momentum(config) > 0) names.emplace_back("momentum");
  if (centered(config)) names.emplace_back("average_gradient");
  return names;
}

const UpdateRule& rule(const Json& config) {
  if (momentum(config) > 0) return centered(config) ? kRmsPropMomentumCentered : kRmsPropMomentum;
  return centered(config) ? kRmsPropCentered : kRmsProp;
}

void hyperparameters(const Json& config, double* out) {
  out[0] = config.at("rho").get<double>();
  out[1] = momentum(config);
  out[2] = config.at("epsilon").get<double>();
}

float initial(const Json&, std::size_t) {
  return 0;
}

// With a constant gradient v is g^2. (Centered it would vanish; the uncentered size is what a varying gradient sees.)
double steady_update(const Json& config, double learning_rate, double gradient) {
  return learning_rate * gradient / std::sqrt(gradient * gradient + config.at("epsilon").get<double>()) /
         (1 - momentum(config));
}

}  // namespace

extern const OptimizerType rmsprop;
constinit const OptimizerType rmsprop{
    .id = "RMSprop",
    .defaults = R"({"learning_rate": 0.001, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-07, "centered": false})",
    .adaptive = true,
    .slots = slots,
    .rule = rule,
    .hyperparameters = hyperparameters,
    .initial = initial,
    .steady_update = steady_update,
};

}  // namespace optimizers
}  // namespace evenflow
#endif
