#include "evenflow/model/optimizer_type.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/optimizers/sgd.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/model/optimizers/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// Gradient descent; with momentum m = mu m - lr g (the rate inside the velocity, as Keras has it).
// Nesterov: the change is mu m - lr g with the new m.
struct Sgd {
  static constexpr std::size_t kSlots = 0;
  template <class D, class V>
  static V Change(D d, V g, V*, const float* c) {
    return hn::Mul(hn::Set(d, -c[0]), g);
  }
};
struct Momentum {
  static constexpr std::size_t kSlots = 1;
  template <class D, class V>
  static V Change(D d, V g, V* slots, const float* c) {
    slots[0] = hn::NegMulAdd(hn::Set(d, c[0]), g, hn::Mul(hn::Set(d, c[1]), slots[0]));
    return slots[0];
  }
};
struct Nesterov {
  static constexpr std::size_t kSlots = 1;
  template <class D, class V>
  static V Change(D d, V g, V* slots, const float* c) {
    const V step = hn::Mul(hn::Set(d, c[0]), g);
    slots[0] = hn::MulSub(hn::Set(d, c[1]), slots[0], step);
    return hn::MulSub(hn::Set(d, c[1]), slots[0], step);
  }
};

void SgdUpdate(const UpdateBlock& block) {
  Update<Sgd>(block);
}
void MomentumUpdate(const UpdateBlock& block) {
  Update<Momentum>(block);
}
void NesterovUpdate(const UpdateBlock& block) {
  Update<Nesterov>(block);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(SgdUpdate);
HWY_EXPORT(MomentumUpdate);
HWY_EXPORT(NesterovUpdate);

namespace optimizers {
namespace {

// hyperparameters: momentum. Coefficients: rate, momentum.
void coefficients(const double* hyper, std::uint64_t, double learning_rate, float* out) {
  out[0] = static_cast<float>(learning_rate);
  out[1] = static_cast<float>(hyper[0]);
}

double momentum(const Json& config) {
  return config.at("momentum").get<double>();
}

constexpr UpdateRule kSgd{
    .name = "SGD", .slots = 0, .initial = {}, .coefficients = coefficients, .update = [](const UpdateBlock& block) {
      HWY_DYNAMIC_DISPATCH(SgdUpdate)(block);
    }};
constexpr UpdateRule kMomentum{
    .name = "SGD", .slots = 1, .initial = {}, .coefficients = coefficients, .update = [](const UpdateBlock& block) {
      HWY_DYNAMIC_DISPATCH(MomentumUpdate)(block);
    }};
constexpr UpdateRule kNesterov{
    .name = "SGD", .slots = 1, .initial = {}, .coefficients = coefficients, .update = [](const UpdateBlock& block) {
      HWY_DYNAMIC_DISPATCH(NesterovUpdate)(block);
    }};

std::vector<std::string> slots(const Json& config) {
  if (momentum(config) == 0) return {};
  return {"momentum"};
}

const UpdateRule& rule(const Json& config) {
  if (momentum(config) == 0) return kSgd;
  return config.at("nesterov").get<bool>() ? kNesterov : kMomentum;
}

void hyperparameters(const Json& config, double* out) {
  out[0] = momentum(config);
}

float initial(const Json&, std::size_t) {
  return 0;
}

// A constant gradient drives the velocity to lr g / (1 - momentum).
double steady_update(const Json& config, double learning_rate, double gradient) {
  return learning_rate * gradient / (1 - momentum(config));
}

}  // namespace

extern const OptimizerType sgd;
constinit const OptimizerType sgd{
    .id = "SGD",
    .defaults = R"({"learning_rate": 0.01, "momentum": 0.0, "nesterov": false})",
    .adaptive = false,
    .slots = slots,
    .rule = rule,
    .hyperparameters = hyperparameters,
    .initial = initial,
    .steady_update = steady_update,
};

}  // namespace optimizers
}  // namespace evenflow
#endif
