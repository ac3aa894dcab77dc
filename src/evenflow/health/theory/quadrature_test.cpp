#include "evenflow/health/theory/quadrature.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "evenflow/health/theory/mean_field.h"
#include "evenflow/model/gaussian_integrals_test.h"

namespace evenflow::theory {
namespace {

ActivationChoice choice(const char* name) {
  return choose_activation(name);
}

TEST(Quadrature, ReproducesTheGoldenIntegrals) {
  for (const GaussianIntegral& golden : kGaussianIntegrals) {
    const ActivationChoice activation = choice(golden.name);
    const ActivationFunction& f = *activation.function;
    const double mean = gaussian_mean(golden.q, f.kinks, [&](double z) { return f.f(z, activation.parameters); });
    EXPECT_NEAR(mean, golden.mean, 2e-14) << golden.name << " q=" << golden.q;
    EXPECT_NEAR(mean_square(activation, golden.q) / golden.mean_square, 1, 2e-13) << golden.name << " q=" << golden.q;
    EXPECT_NEAR(mean_square_slope(activation, golden.q) / golden.mean_square_slope, 1, 2e-13)
        << golden.name << " q=" << golden.q;
  }
}

TEST(Quadrature, ClosedFormsOfReluFamily) {
  for (const double q : {1e-6, 0.3, 1.0, 17.0, 1000.0}) {
    EXPECT_NEAR(mean_square(choice("relu"), q) / (q / 2), 1, 1e-14);
    EXPECT_NEAR(mean_square_slope(choice("relu"), q), 0.5, 1e-14);
    EXPECT_NEAR(slope_kurtosis(choice("relu"), q), 2, 1e-13);
    EXPECT_NEAR(slope_kurtosis(choice("linear"), q), 1, 1e-14);
  }
}

TEST(Quadrature, ZeroIsTheLimitFromAbove) {
  constexpr double kLambda = 1.0507009873554804934;
  constexpr double kAlpha = 1.6732632423543772848;
  EXPECT_NEAR(mean_square_slope(choice("selu"), 0), kLambda * kLambda * (1 + kAlpha * kAlpha) / 2, 1e-7);
  EXPECT_NEAR(mean_square(choice("sigmoid"), 0), 0.25, 1e-12);
}

TEST(Quadrature, MomentsOfTheGaussianItself) {
  EXPECT_NEAR(gaussian_mean(4.0, {}, [](double z) { return z * z * z * z; }), 3 * 16, 1e-11);
  const double kink[] = {0.7};
  const double expected = 0.5 * std::erfc(0.7 / std::numbers::sqrt2);
  EXPECT_NEAR(gaussian_mean(1.0, kink, [](double z) { return z > 0.7 ? 1.0 : 0.0; }), expected, 1e-15);
}

}  // namespace
}  // namespace evenflow::theory
