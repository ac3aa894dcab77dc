#include "evenflow/model/optimizer_type.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/optimizers/adamax.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/model/optimizers/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow::HWY_NAMESPACE {
namespace {

// D. P. Kingma, J. Ba, "Adam", ICLR 2015, section 7.1: m as in Adam, u = max(beta_2 u, |g|), change lr m / (u +
// epsilon) over the correction of m.
struct Adamax {
  static constexpr std::size_t kSlots = 2;
  template <class D, class V>
  static V Change(D d, V, V g, V* slots, const float* c) {
    slots[0] = hn::MulAdd(hn::Sub(g, slots[0]), hn::Set(d, c[1]), slots[0]);
    const V faded = hn::Mul(hn::Set(d, c[2]), slots[1]);
    const V size = hn::Abs(g);
    slots[1] = hn::IfThenElse(hn::Lt(size, faded), faded, size);  // NaN in g stays
    return hn::Div(hn::Mul(hn::Set(d, -c[0]), slots[0]), hn::Add(slots[1], hn::Set(d, c[3])));
  }
};

UpdateKernel AdamaxKernel(std::size_t variant) {
  return Choose<Adamax>(variant);
}

}  // namespace
}  // namespace evenflow::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(AdamaxKernel);

namespace optimizers {
namespace {

UpdateRule rule(const Json& config) {
  const double beta_1 = number(config, "beta_1");
  const double beta_2 = number(config, "beta_2");
  const double epsilon = number(config, "epsilon");
  return {.name = "Adamax",
          .slots = {{"momentum"}, {"norm"}},
          .coefficients =
              [=](std::uint64_t iteration, double rate, float* out) {
                const double corrected = rate / (1 - std::pow(beta_1, static_cast<double>(iteration + 1)));
                set(out, {corrected, 1 - beta_1, beta_2, epsilon});
              },
          .update = HWY_DYNAMIC_DISPATCH(AdamaxKernel)(0)};
}

// With a constant gradient m is g and u is |g|.
double steady_update(const Json& config, double learning_rate, double gradient) {
  return learning_rate * gradient / (gradient + number(config, "epsilon"));
}

}  // namespace

extern const OptimizerType adamax;
constinit const OptimizerType adamax{
    .id = "Adamax",
    .defaults = R"({"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07})",
    .keras2 = R"({"learning_rate": 0.002})",
    .adaptive = true,
    .interleaved = 2,
    .rule = rule,
    .steady_update = steady_update,
};

}  // namespace optimizers
}  // namespace evenflow
#endif
