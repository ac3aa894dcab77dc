#include "evenflow/health/theory/mean_field.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace evenflow::theory {
namespace {

struct Row {
  const char* id;
  const char* activation;  // with its slope after a colon
  const char* initializer;
  int layers;
  double decades;
};

// Column "theory" of spec/theory, section 7.1: n = 128 everywhere, E[x^2] = 1, linear last layer.
constexpr Row kRows[] = {
    {"A01", "sigmoid", "glorot_uniform", 10, -5.693},
    {"A02", "sigmoid", "glorot_uniform", 30, -18.232},
    {"A03", "sigmoid", "glorot_uniform", 100, -62.122},
    {"A04", "sigmoid", "he_normal", 10, -4.554},
    {"A05", "sigmoid", "he_normal", 30, -14.512},
    {"A06", "sigmoid", "he_normal", 100, -49.364},
    {"A07", "sigmoid", "N(0,0.05)", 10, -7.743},
    {"A08", "sigmoid", "N(0,0.05)", 30, -24.901},
    {"A09", "sigmoid", "N(0,0.05)", 100, -84.956},
    {"A10", "sigmoid", "N(0,1)", 10, +0.115},
    {"A11", "sigmoid", "N(0,1)", 30, +0.571},
    {"A12", "sigmoid", "N(0,1)", 100, +2.164},
    {"A13", "sigmoid", "orthogonal", 10, -5.693},
    {"A14", "sigmoid", "orthogonal", 30, -18.232},
    {"A15", "sigmoid", "orthogonal", 100, -62.122},
    {"A16", "sigmoid", "torch_default", 10, -7.667},
    {"A17", "sigmoid", "torch_default", 30, -24.655},
    {"A18", "sigmoid", "torch_default", 100, -84.113},
    {"A19", "tanh", "glorot_uniform", 10, -0.551},
    {"A20", "tanh", "glorot_uniform", 30, -0.803},
    {"A21", "tanh", "glorot_uniform", 100, -1.071},
    {"A22", "tanh", "he_normal", 10, +0.014},
    {"A23", "tanh", "he_normal", 30, +0.449},
    {"A24", "tanh", "he_normal", 100, +1.974},
    {"A25", "tanh", "N(0,0.05)", 10, -2.349},
    {"A26", "tanh", "N(0,0.05)", 30, -7.297},
    {"A27", "tanh", "N(0,0.05)", 100, -24.617},
    {"A28", "tanh", "N(0,1)", 10, +3.570},
    {"A29", "tanh", "N(0,1)", 30, +11.524},
    {"A30", "tanh", "N(0,1)", 100, +39.360},
    {"A31", "tanh", "orthogonal", 10, -0.551},
    {"A32", "tanh", "orthogonal", 30, -0.803},
    {"A33", "tanh", "orthogonal", 100, -1.071},
    {"A34", "tanh", "torch_default", 10, -2.274},
    {"A35", "tanh", "torch_default", 30, -7.045},
    {"A36", "tanh", "torch_default", 100, -23.745},
    {"A37", "relu", "he_normal", 10, +0.000},
    {"A38", "relu", "he_normal", 30, +0.000},
    {"A39", "relu", "he_normal", 100, +0.000},
    {"A40", "relu", "glorot_uniform", 10, -1.355},
    {"A41", "relu", "glorot_uniform", 30, -4.365},
    {"A42", "relu", "glorot_uniform", 100, -14.901},
    {"A43", "relu", "N(0,0.05)", 10, -3.581},
    {"A44", "relu", "N(0,0.05)", 30, -11.540},
    {"A45", "relu", "N(0,0.05)", 100, -39.396},
    {"A46", "relu", "U(0.05)", 10, -5.729},
    {"A47", "relu", "U(0.05)", 30, -18.459},
    {"A48", "relu", "U(0.05)", 100, -63.014},
    {"A49", "relu", "N(0,1)", 10, +8.128},
    {"A50", "relu", "N(0,1)", 30, +26.190},
    {"A51", "relu", "N(0,1)", 100, +89.406},
    {"A52", "relu", "orthogonal", 10, -1.355},
    {"A53", "relu", "orthogonal", 30, -4.365},
    {"A54", "relu", "orthogonal", 100, -14.901},
    {"A55", "relu", "torch_default", 10, -3.502},
    {"A56", "relu", "torch_default", 30, -11.283},
    {"A57", "relu", "torch_default", 100, -38.518},
    {"A58", "leaky_relu:0.01", "he_normal", 10, +0.000},
    {"A59", "leaky_relu:0.01", "he_normal", 30, +0.001},
    {"A60", "leaky_relu:0.01", "he_normal", 100, +0.002},
    {"A61", "leaky_relu:0.3", "he_normal", 10, +0.168},
    {"A62", "leaky_relu:0.3", "he_normal", 30, +0.543},
    {"A63", "leaky_relu:0.3", "he_normal", 100, +1.853},
    {"A64", "leaky_relu:0.3", "glorot_uniform", 10, -1.186},
    {"A65", "leaky_relu:0.3", "glorot_uniform", 30, -3.822},
    {"A66", "leaky_relu:0.3", "glorot_uniform", 100, -13.048},
    {"A67", "elu", "glorot_uniform", 10, -0.540},
    {"A68", "elu", "glorot_uniform", 30, -1.002},
    {"A69", "elu", "glorot_uniform", 100, -1.535},
    {"A70", "elu", "he_normal", 10, +0.354},
    {"A71", "elu", "he_normal", 30, +0.822},
    {"A72", "elu", "he_normal", 100, +1.711},
    {"A73", "selu", "lecun_normal", 10, +0.135},
    {"A74", "selu", "lecun_normal", 30, +0.435},
    {"A75", "selu", "lecun_normal", 100, +1.486},
    {"A76", "selu", "he_normal", 10, +0.824},
    {"A77", "selu", "he_normal", 30, +1.714},
    {"A78", "selu", "he_normal", 100, +3.458},
    {"A79", "gelu", "glorot_uniform", 10, -2.390},
    {"A80", "gelu", "glorot_uniform", 30, -8.410},
    {"A81", "gelu", "glorot_uniform", 100, -29.482},
    {"A82", "gelu", "he_normal", 10, -0.124},
    {"A83", "gelu", "he_normal", 30, -2.558},
    {"A84", "gelu", "he_normal", 100, -13.094},
    {"A85", "gelu", "torch_default", 10, -4.746},
    {"A86", "gelu", "torch_default", 30, -15.538},
    {"A87", "gelu", "torch_default", 100, -53.309},
    {"A88", "silu", "glorot_uniform", 10, -2.539},
    {"A89", "silu", "glorot_uniform", 30, -8.560},
    {"A90", "silu", "glorot_uniform", 100, -29.632},
    {"A91", "silu", "he_normal", 10, -0.731},
    {"A92", "silu", "he_normal", 30, -3.723},
    {"A93", "silu", "he_normal", 100, -14.259},
    {"A94", "softplus", "glorot_uniform", 10, -2.421},
    {"A95", "softplus", "glorot_uniform", 30, -7.817},
    {"A96", "softplus", "glorot_uniform", 100, -26.700},
    {"A97", "softplus", "he_normal", 10, -0.683},
    {"A98", "softplus", "he_normal", 30, -1.679},
    {"A99", "softplus", "he_normal", 100, -4.016},
    {"A100", "hard_sigmoid_k2", "glorot_uniform", 10, -6.293},
    {"A101", "hard_sigmoid_k2", "glorot_uniform", 30, -20.273},
    {"A102", "hard_sigmoid_k2", "glorot_uniform", 100, -69.201},
    {"A103", "hard_sigmoid", "glorot_uniform", 10, -7.004},
    {"A104", "hard_sigmoid", "glorot_uniform", 30, -22.567},
    {"A105", "hard_sigmoid", "glorot_uniform", 100, -77.038},
    {"A106", "linear", "glorot_uniform", 10, +0.000},
    {"A107", "linear", "glorot_uniform", 30, +0.000},
    {"A108", "linear", "glorot_uniform", 100, +0.000},
    {"A109", "linear", "he_normal", 10, +1.355},
    {"A110", "linear", "he_normal", 30, +4.365},
    {"A111", "linear", "he_normal", 100, +14.901},
    {"A112", "linear", "orthogonal", 10, +0.000},
    {"A113", "linear", "orthogonal", 30, +0.000},
    {"A114", "linear", "orthogonal", 100, +0.000},
};

DenseLayer dense(const Row& row) {
  static const std::map<std::string, double> variances = {
      {"glorot_uniform", 1},
      {"he_normal", 2},
      {"lecun_normal", 1},
      {"orthogonal", 1},
      {"N(0,0.05)", 0.0025 * 128},
      {"U(0.05)", 128 * 0.01 / 12},
      {"N(0,1)", 128},
      {"torch_default", 1.0 / 3},
  };
  const std::string activation = row.activation;
  const std::size_t colon = activation.find(':');
  DenseLayer layer{.weight_variance = variances.at(row.initializer)};
  if (colon == std::string::npos) {
    layer.activation = choose_activation(activation);
  } else {
    layer.activation = choose_activation({{"class_name", activation.substr(0, colon)},
                                          {"config", {{"negative_slope", std::stod(activation.substr(colon + 1))}}}});
  }
  return layer;
}

TEST(MeanField, PredictsEveryRowOfTheDenseGrid) {
  for (const Row& row : kRows) {
    std::vector<DenseLayer> layers(static_cast<std::size_t>(row.layers), dense(row));
    layers.back().activation = {};
    EXPECT_NEAR(predicted_decades(layers, 1.0), row.decades, 0.002)
        << row.id << " " << row.activation << " " << row.initializer;
  }
}

TEST(MeanField, WidthsEnterThroughFanIn) {
  // Section 1.6: he_normal (fan_in) keeps the total norm through a funnel of ReLU layers; Glorot loses 1.091 decades.
  const std::vector<int> widths = {512, 384, 288, 216, 162, 121, 91, 68, 51, 38, 28};
  std::vector<DenseLayer> he;
  std::vector<DenseLayer> glorot;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    he.push_back({.weight_variance = 2, .activation = choose_activation("relu")});
    glorot.push_back(
        {.weight_variance = 2.0 * widths[i] / (widths[i] + widths[i + 1]), .activation = choose_activation("relu")});
  }
  EXPECT_NEAR(predicted_decades(he, 1.0), 0, 1e-12);
  EXPECT_NEAR(predicted_decades(glorot, 1.0), -1.091, 0.002);
}

TEST(MeanField, DeviationOfFiniteWidth) {
  // Section 1.12: ReLU, n = 128, 30 layers: 0.231 decades for a single sample.
  const double v = relative_variance(slope_kurtosis(choose_activation("relu"), 1.0), 128);
  EXPECT_NEAR(v, 5.0 / 128, 1e-12);
  EXPECT_NEAR(deviation_decades(29 * v), 0.231, 0.001);
}

TEST(MeanField, OneLayerAndNone) {
  EXPECT_EQ(predicted_decades({}, 1.0), 0);
  const std::vector<DenseLayer> one(1);
  EXPECT_EQ(predicted_decades(one, 1.0), 0);
}

}  // namespace
}  // namespace evenflow::theory
