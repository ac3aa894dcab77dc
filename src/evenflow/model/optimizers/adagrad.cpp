#include "evenflow/model/optimizer_type.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/optimizers/adagrad.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/model/optimizers/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// J. Duchi et al., JMLR 2011: A = A + g^2, change lr g / sqrt(A + epsilon), epsilon inside the root as Keras 3 has it.
struct Adagrad {
  static constexpr std::size_t kSlots = 1;
  template <class D, class V>
  static V Change(D d, V g, V* slots, const float* c) {
    slots[0] = hn::MulAdd(g, g, slots[0]);
    return hn::Neg(hn::Div(hn::Mul(hn::Set(d, c[0]), g), hn::Sqrt(hn::Add(slots[0], hn::Set(d, c[1])))));
  }
};

void AdagradUpdate(const UpdateBlock& block) {
  Update<Adagrad>(block);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(AdagradUpdate);

namespace optimizers {
namespace {

// hyperparameters: epsilon. Coefficients: rate, epsilon.
void coefficients(const double* hyper, std::uint64_t, double learning_rate, float* out) {
  out[0] = static_cast<float>(learning_rate);
  out[1] = static_cast<float>(hyper[0]);
}

constexpr UpdateRule kAdagrad{
    .name = "Adagrad", .slots = 1, .initial = {}, .coefficients = coefficients, .update = [](const UpdateBlock& block) {
      HWY_DYNAMIC_DISPATCH(AdagradUpdate)(block);
    }};

std::vector<std::string> slots(const Json&) {
  return {"accumulator"};
}

const UpdateRule& rule(const Json&) {
  return kAdagrad;
}

void hyperparameters(const Json& config, double* out) {
  out[0] = config.at("epsilon").get<double>();
}

float initial(const Json& config, std::size_t) {
  return config.at("initial_accumulator_value").get<float>();
}

// Of the first step: later ones shrink as the accumulator grows.
double steady_update(const Json& config, double learning_rate, double gradient) {
  const double accumulator = config.at("initial_accumulator_value").get<double>() + gradient * gradient;
  return learning_rate * gradient / std::sqrt(accumulator + config.at("epsilon").get<double>());
}

}  // namespace

extern const OptimizerType adagrad;
constinit const OptimizerType adagrad{
    .id = "Adagrad",
    .defaults = R"({"learning_rate": 0.001, "initial_accumulator_value": 0.1, "epsilon": 1e-07})",
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
