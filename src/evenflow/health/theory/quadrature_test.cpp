#include "evenflow/health/theory/quadrature.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "evenflow/health/theory/mean_field.h"

namespace evenflow::theory {
namespace {

struct Golden {
  const char* activation;
  double q;
  double mean;
  double mean_square;
  double mean_square_slope;
};

// Golden integrals to 15 digits (mpmath).
constexpr Golden kGolden[] = {
    {"sigmoid", 0.25, 0.5, 0.26395557756012, 0.0560346832595422},
    {"sigmoid", 1, 0.5, 0.293379035858093, 0.0448362413501944},
    {"sigmoid", 4, 0.5, 0.34857362259946, 0.0290251814030168},
    {"sigmoid", 25, 0.5, 0.424855145572017, 0.0129700093863164},
    {"tanh", 0.25, 0, 0.173516143432372, 0.71737986160311},
    {"tanh", 1, 0, 0.394294490397841, 0.464402902448268},
    {"tanh", 4, 0, 0.63526123425694, 0.255950443225209},
    {"tanh", 100, 0, 0.920536863430517, 0.0531067877481158},
    {"elu", 1, 0.160520572266556, 0.644945417492924, 0.668102001223171},
    {"elu", 25, 1.57163070698217, 12.8856680841514, 0.539506694101386},
    {"selu", 0.25, -0.0548005035961125, 0.330686029104582, 1.36050210171479},
    {"selu", 1, 0, 1, 1.0715749924558},
    {"selu", 4, 0.254828442953157, 3.00603946185543, 0.843801388548579},
    {"gelu", 1, 0.282094791773878, 0.425221482570299, 0.455850865649287},
    {"gelu", 4, 0.713649646461108, 1.92986501586444, 0.506044764053799},
    {"silu", 1, 0.206620964141907, 0.355775519817352, 0.379482351632829},
    {"silu", 4, 0.605705509602159, 1.75788986667882, 0.466425054838737},
    {"softplus", 1, 0.80605918334744, 0.9212459088593, 0.293379035858093},
    {"softplus", 4, 1.06771438805138, 2.32978146362431, 0.34857362259946},
    {"hard_sigmoid_k2", 1, 0.5, 0.289102399338112, 0.0395032267739379},
    {"hard_sigmoid_k2", 4, 0.5, 0.355957325104425, 0.0315480181066516},
    {"hard_sigmoid", 1, 0.5, 0.277639091056513, 0.0277027834426872},
    {"hard_sigmoid", 4, 0.5, 0.336496135130497, 0.0240662665961746},
};

ActivationChoice choice(const char* name) {
  return choose_activation(name);
}

TEST(Quadrature, ReproducesTheGoldenIntegrals) {
  for (const Golden& golden : kGolden) {
    const ActivationChoice activation = choice(golden.activation);
    const ActivationFunction& f = *activation.function;
    const double mean = gaussian_mean(golden.q, f.kinks, [&](double z) { return f.f(z, activation.parameters); });
    EXPECT_NEAR(mean, golden.mean, 2e-14) << golden.activation << " q=" << golden.q;
    EXPECT_NEAR(mean_square(activation, golden.q) / golden.mean_square, 1, 2e-13)
        << golden.activation << " q=" << golden.q;
    EXPECT_NEAR(mean_square_slope(activation, golden.q) / golden.mean_square_slope, 1, 2e-13)
        << golden.activation << " q=" << golden.q;
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
