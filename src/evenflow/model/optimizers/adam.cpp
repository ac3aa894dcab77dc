#include "evenflow/model/optimizer_type.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/optimizers/adam.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/model/optimizers/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// D. P. Kingma, J. Ba, "Adam", ICLR 2015, with epsilon added to the uncorrected root of v (their "epsilon hat").
// AMSGrad (S. Reddi et al., ICLR 2018) divides by the largest v so far.
struct Adam {
  static constexpr std::size_t kSlots = 2;
  template <class D, class V>
  static V Change(D d, V g, V* slots, const float* c) {
    slots[0] = hn::MulAdd(hn::Sub(g, slots[0]), hn::Set(d, c[1]), slots[0]);
    slots[1] = hn::MulAdd(hn::MulSub(g, g, slots[1]), hn::Set(d, c[2]), slots[1]);
    const V denominator = hn::Add(hn::Sqrt(slots[1]), hn::Set(d, c[3]));
    return hn::Div(hn::Mul(hn::Set(d, -c[0]), slots[0]), denominator);
  }
};
struct AdamAmsGrad {
  static constexpr std::size_t kSlots = 3;
  template <class D, class V>
  static V Change(D d, V g, V* slots, const float* c) {
    slots[0] = hn::MulAdd(hn::Sub(g, slots[0]), hn::Set(d, c[1]), slots[0]);
    slots[1] = hn::MulAdd(hn::MulSub(g, g, slots[1]), hn::Set(d, c[2]), slots[1]);
    slots[2] = hn::IfThenElse(hn::Lt(slots[1], slots[2]), slots[2], slots[1]);
    const V denominator = hn::Add(hn::Sqrt(slots[2]), hn::Set(d, c[3]));
    return hn::Div(hn::Mul(hn::Set(d, -c[0]), slots[0]), denominator);
  }
};

void AdamUpdate(const UpdateBlock& block) {
  Update<Adam>(block);
}
void AdamAmsGradUpdate(const UpdateBlock& block) {
  Update<AdamAmsGrad>(block);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(AdamUpdate);
HWY_EXPORT(AdamAmsGradUpdate);

namespace optimizers {
namespace {

// hyperparameters: beta_1, beta_2, epsilon. Coefficients: corrected rate, 1 - beta_1, 1 - beta_2, epsilon.
void coefficients(const double* hyper, std::uint64_t step, double learning_rate, float* out) {
  const auto t = static_cast<double>(step + 1);
  out[0] = static_cast<float>(learning_rate * std::sqrt(1 - std::pow(hyper[1], t)) / (1 - std::pow(hyper[0], t)));
  out[1] = static_cast<float>(1 - hyper[0]);
  out[2] = static_cast<float>(1 - hyper[1]);
  out[3] = static_cast<float>(hyper[2]);
}

constexpr UpdateRule kAdam{
    .name = "Adam", .slots = 2, .initial = {}, .coefficients = coefficients, .update = [](const UpdateBlock& block) {
      HWY_DYNAMIC_DISPATCH(AdamUpdate)(block);
    }};
constexpr UpdateRule kAdamAmsGrad{
    .name = "Adam", .slots = 3, .initial = {}, .coefficients = coefficients, .update = [](const UpdateBlock& block) {
      HWY_DYNAMIC_DISPATCH(AdamAmsGradUpdate)(block);
    }};

std::vector<std::string> slots(const Json& config) {
  if (config.at("amsgrad").get<bool>()) return {"momentum", "velocity", "velocity_hat"};
  return {"momentum", "velocity"};
}

const UpdateRule& rule(const Json& config) {
  return config.at("amsgrad").get<bool>() ? kAdamAmsGrad : kAdam;
}

void hyperparameters(const Json& config, double* out) {
  out[0] = config.at("beta_1").get<double>();
  out[1] = config.at("beta_2").get<double>();
  out[2] = config.at("epsilon").get<double>();
}

float initial(const Json&, std::size_t) {
  return 0;
}

// With a constant gradient m is g and the root of v is |g|.
double steady_update(const Json& config, double learning_rate, double gradient) {
  return learning_rate * gradient / (gradient + config.at("epsilon").get<double>());
}

}  // namespace

extern const OptimizerType adam;
constinit const OptimizerType adam{
    .id = "Adam",
    .defaults = R"({"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07, "amsgrad": false})",
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
