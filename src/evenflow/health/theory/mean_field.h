// Mean-field theory of signal propagation in plain dense networks: what the gradient ought to do (spec/theory,
// sections 1.2 and 1.12).
#pragma once

#include <span>

#include "evenflow/model/activation_function.h"

namespace evenflow::theory {

// Gaussian moments of an activation at pre-activations of variance q.
double mean_square(const ActivationChoice& activation, double q);        // E[f^2]
double mean_square_slope(const ActivationChoice& activation, double q);  // E[f'^2]
// E[f'^4] / E[f'^2]^2: how unevenly a layer passes the gradient on. 1 for linear.
double slope_kurtosis(const ActivationChoice& activation, double q);

struct DenseLayer {
  double weight_variance = 1;  // fan_in * Var(W)
  double bias_variance = 0;
  ActivationChoice activation;  // of its output; function null: linear
};

// log10 of the first over the last pre-activation gradient norm, for inputs with E[x^2] = q0.
double predicted_decades(std::span<const DenseLayer> layers, double q0);

// Contribution of one hidden layer to the variance of the squared gradient norm of a single sample, independent
// Gaussian weights.
double relative_variance(double kurtosis, double units);
// Standard deviation, in decades, of the norm after layers whose relative variances sum to that.
double deviation_decades(double sum_of_relative_variances);

}  // namespace evenflow::theory
