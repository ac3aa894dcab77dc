#include "evenflow/health/theory/mean_field.h"

#include <cmath>
#include <numbers>

#include "evenflow/health/theory/quadrature.h"

namespace evenflow::theory {
namespace {

double square(double x) {
  return x * x;
}

}  // namespace

double mean_square(const ActivationChoice& activation, double q) {
  if (activation.function == nullptr) return q;
  const ActivationFunction& f = *activation.function;
  return gaussian_mean(q, f.kinks, [&](double z) { return square(f.f(z, activation.parameters)); });
}

double mean_square_slope(const ActivationChoice& activation, double q) {
  if (activation.function == nullptr) return 1;
  const ActivationFunction& f = *activation.function;
  return gaussian_mean(q, f.kinks, [&](double z) { return square(f.df(z, activation.parameters)); });
}

double slope_kurtosis(const ActivationChoice& activation, double q) {
  if (activation.function == nullptr) return 1;
  const ActivationFunction& f = *activation.function;
  const double fourth =
      gaussian_mean(q, f.kinks, [&](double z) { return square(square(f.df(z, activation.parameters))); });
  return fourth / square(mean_square_slope(activation, q));
}

double predicted_decades(std::span<const DenseLayer> layers, double q0) {
  double decades = 0;
  double moment = q0;  // E[a^2] of the layer's input
  for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
    const double q = layers[l].weight_variance * moment + layers[l].bias_variance;
    decades += 0.5 * std::log10(layers[l + 1].weight_variance * mean_square_slope(layers[l].activation, q));
    moment = mean_square(layers[l].activation, q);
  }
  return decades;
}

double relative_variance(double kurtosis, double units) {
  return (3 * kurtosis - 1) / units;
}

double deviation_decades(double sum_of_relative_variances) {
  return 0.5 * std::numbers::log10e * std::sqrt(sum_of_relative_variances);
}

}  // namespace evenflow::theory
