#include "evenflow/model/optimizer_type.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/model/optimizers/adafactor.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/model/optimizers/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow::HWY_NAMESPACE {
namespace {

// N. Shazeer, M. Stern, "Adafactor", ICML 2018. Here g / sqrt(v) by a factor that is this variable's: what makes v and
// the factor looks at the whole variable first, see prepare().
struct Adafactor {
  static constexpr std::size_t kSlots = 1;
  template <class D, class V>
  static V Change(D d, V, V g, V* slots, const float* c) {
    const V step = hn::Div(hn::Mul(hn::Set(d, -c[0]), g), hn::Sqrt(slots[0]));
    // A weight without gradient stays. (In Keras it becomes NaN when v is so small that it is 0.)
    return hn::IfThenZeroElse(hn::Eq(g, hn::Zero(d)), step);
  }
};

UpdateKernel AdafactorKernel(std::size_t variant) {
  return Choose<Adafactor>(variant);
}

}  // namespace
}  // namespace evenflow::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(AdafactorKernel);

namespace optimizers {
namespace {

// Coefficients beside the first, which is the common rate rho and becomes the variable's own.
enum : std::size_t { kRate, kBeta, kEpsilon1, kEpsilon2, kThreshold };

// The clipped gradient, as blocks see it.
class Gradient {
 public:
  explicit Gradient(const UpdateBlock& variable) : variable_(variable) {}
  float operator[](std::size_t i) const {
    float g = variable_.gradient[i] * variable_.gradient_scale;
    if (g > variable_.clip_value) g = variable_.clip_value;  // not std::clamp: NaN must stay
    if (g < -variable_.clip_value) g = -variable_.clip_value;
    return g;
  }

 private:
  const UpdateBlock& variable_;
};

void fade(float& average, float beta, float value) {
  average = beta * average + (1 - beta) * value;
}

// One matrix m x n: means over rows and columns of g^2 + epsilon_1, and v = (r / mean r) c.
void factorize(const Gradient& gradient, std::size_t at, std::size_t m, std::size_t n, float* r, float* c, float* v,
               const float* own) {
  const float beta = own[kBeta];
  for (std::size_t j = 0; j < n; ++j) c[j] *= beta;
  double mean = 0;
  for (std::size_t i = 0; i < m; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j) {
      const float g = gradient[at + i * n + j];
      const float square = g * g + own[kEpsilon1];
      sum += static_cast<double>(square);
      c[j] += (1 - beta) / static_cast<float>(m) * square;
    }
    fade(r[i], beta, static_cast<float>(sum / static_cast<double>(n)));
    mean += static_cast<double>(r[i]) / static_cast<double>(m);
  }
  for (std::size_t i = 0; i < m; ++i) {
    const float row = r[i] / static_cast<float>(mean);
    for (std::size_t j = 0; j < n; ++j) v[i * n + j] = row * c[j];
  }
}

// Second moments of the gradient, as products of means over rows and columns for matrices; then the factor of the
// change: the root mean square of the weights by rho, divided where that of g / sqrt(v) is above the threshold.
void prepare(const UpdateBlock& variable, const Shape& shape, float* own) {
  const Gradient gradient(variable);
  float* const v = variable.slots[2];
  if (shape.rank() < 2) {
    for (std::size_t i = 0; i < variable.count; ++i) {
      const float g = gradient[i];
      fade(v[i], own[kBeta], g * g + own[kEpsilon1]);
    }
  } else {
    const auto m = static_cast<std::size_t>(shape[-2]);
    const auto n = static_cast<std::size_t>(shape[-1]);
    for (std::size_t k = 0; k < variable.count / (m * n); ++k) {
      factorize(gradient, k * m * n, m, n, variable.slots[0] + k * m, variable.slots[1] + k * n, v + k * m * n, own);
    }
  }
  double weights = 0;
  double changes = 0;
  for (std::size_t i = 0; i < variable.count; ++i) {
    const auto w = static_cast<double>(variable.weights[i]);
    const auto g = static_cast<double>(gradient[i]);
    weights += w * w;
    if (g != 0) changes += g * g / static_cast<double>(v[i]);
  }
  const auto count = static_cast<double>(variable.count);
  const double size = std::sqrt(weights / count) * (1 - static_cast<double>(variable.decay));
  const double change = std::sqrt(changes / count) / static_cast<double>(own[kThreshold]);
  const double rate = static_cast<double>(own[kRate]) * std::max(size, static_cast<double>(own[kEpsilon2]));
  own[kRate] = static_cast<float>(rate / (change <= 1 ? 1 : change));  // NaN stays
}

UpdateRule rule(const Json& config) {
  const double beta_2_decay = number(config, "beta_2_decay");
  const double epsilon_1 = number(config, "epsilon_1");
  const double epsilon_2 = number(config, "epsilon_2");
  const double threshold = number(config, "clip_threshold");
  using enum UpdateSlot::Extent;
  return {.name = "Adafactor",
          .slots = {{"r", 0, rows}, {"c", 0, columns}, {"velocity"}},
          .coefficients =
              [=](std::uint64_t iteration, double rate, float* out) {
                const auto t = static_cast<double>(iteration + 1);
                // Keras takes this minimum with relative_step or without.
                const double rho = std::min(rate, 1 / std::sqrt(t));
                set(out, {rho, 1 - std::pow(t, beta_2_decay), epsilon_1, epsilon_2, threshold});
              },
          .prepare = prepare,
          .update = HWY_DYNAMIC_DISPATCH(AdafactorKernel)(0)};
}

// For a variable whose weights have the root mean square 1 and gradients one size: g / sqrt(v) is 1, which the
// threshold bounds.
double steady_update(const Json& config, double learning_rate, double gradient) {
  const double change = gradient / std::sqrt(gradient * gradient + number(config, "epsilon_1"));
  return learning_rate * change / std::max(1.0, change / number(config, "clip_threshold"));
}

}  // namespace

extern const OptimizerType adafactor;
constinit const OptimizerType adafactor{
    .id = "Adafactor",
    .defaults = R"({"learning_rate": 0.001, "beta_2_decay": -0.8, "epsilon_1": 1e-30, "epsilon_2": 0.001,
                "clip_threshold": 1.0, "relative_step": true})",
    .adaptive = true,
    .interleaved = 3,
    .rule = rule,
    .steady_update = steady_update,
};

}  // namespace optimizers
}  // namespace evenflow
#endif
