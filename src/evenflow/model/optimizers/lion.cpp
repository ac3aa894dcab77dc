#include "evenflow/model/optimizer_type.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/optimizers/lion.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/model/optimizers/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow::HWY_NAMESPACE {
namespace {

// X. Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023:
// change lr sign(beta_1 m + (1 - beta_1) g), then m = beta_2 m + (1 - beta_2) g.
struct Lion {
  static constexpr std::size_t kSlots = 1;
  template <class D, class V>
  static V Change(D d, V, V g, V* slots, const float* c) {
    const V direction = hn::MulAdd(hn::Set(d, c[1]), slots[0], hn::Mul(hn::Set(d, c[2]), g));
    slots[0] = hn::MulAdd(hn::Set(d, c[3]), slots[0], hn::Mul(hn::Set(d, c[4]), g));
    const V step = hn::CopySign(hn::Set(d, c[0]), hn::Neg(direction));
    const auto moves = hn::Gt(hn::Abs(direction), hn::Zero(d));
    return hn::IfThenElse(moves, step, direction);  // 0 and NaN are their own sign
  }
};

UpdateKernel LionKernel(std::size_t variant) {
  return Choose<Lion>(variant);
}

}  // namespace
}  // namespace evenflow::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(LionKernel);

namespace optimizers {
namespace {

UpdateRule rule(const Json& config) {
  const double beta_1 = number(config, "beta_1");
  const double beta_2 = number(config, "beta_2");
  return {.name = "Lion",
          .slots = {{"momentum"}},
          .coefficients =
              [=](std::uint64_t, double rate, float* out) {
                set(out, {rate, beta_1, 1 - beta_1, beta_2, 1 - beta_2});
              },
          .update = HWY_DYNAMIC_DISPATCH(LionKernel)(0)};
}

// The sign of any gradient but 0.
double steady_update(const Json&, double learning_rate, double gradient) {
  return gradient > 0 ? learning_rate : 0;
}

}  // namespace

extern const OptimizerType lion;
constinit const OptimizerType lion{
    .id = "Lion",
    .defaults = R"({"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.99})",
    .adaptive = true,
    .rule = rule,
    .steady_update = steady_update,
};

}  // namespace optimizers
}  // namespace evenflow
#endif
