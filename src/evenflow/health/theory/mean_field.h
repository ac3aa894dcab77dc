// Mean-field theory of signal propagation: Gaussian moments of activations, and what follows from them for two samples,
// for saturation and for dead units (spec/theory, sections 1.2, 1.4, 1.12 and 8.1).
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "evenflow/model/activation_function.h"

namespace evenflow::theory {

// Of a = f(z) with z ~ N(0, q).
struct Moments {
  double mean = 0;                 // E[f]
  double mean_square = 0;          // E[f^2]
  double mean_slope = 0;           // E[f']
  double mean_square_slope = 0;    // E[f'^2]
  double fourth_moment_slope = 0;  // E[f'^4]
  // E[f'^4] / E[f'^2]^2: how unevenly a layer passes the gradient on. 1 for linear.
  double kurtosis() const { return fourth_moment_slope / (mean_square_slope * mean_square_slope); }
};
Moments moments(const ActivationChoice& activation, double q);

double mean_square(const ActivationChoice& activation, double q);
double mean_square_slope(const ActivationChoice& activation, double q);
double slope_kurtosis(const ActivationChoice& activation, double q);
// dE[f^2]/dq: times the gain of the next weights above 1, two signals of different length grow apart.
double length_slope(const ActivationChoice& activation, double q);

// Is f(x) = a x for x > 0 and b x below, so that the length of the signal does not matter?
bool homogeneous(const ActivationChoice& activation);

// E[f(u) f(v)] / E[f^2] for u, v ~ N(0, q) with the given correlation in [0, 1].
double next_correlation(const ActivationChoice& activation, double q, double correlation);

// Fraction of outputs at or beyond the activation's saturation bounds.
double saturated_fraction(const ActivationChoice& activation, double q);

// Fraction of units whose slope is zero for each of `samples` samples, of which any two have that correlation.
double dead_fraction(const ActivationChoice& activation, double q, double correlation, double samples);

// E[f^2] and E[f'^2] for many q between two bounds, by Chebyshev interpolation in log q: for maps of q over an image.
class MomentCurve {
 public:
  MomentCurve(const ActivationChoice& activation, double smallest, double largest);
  double mean_square(double q) const { return at(squares_, q); }
  double mean_square_slope(double q) const { return at(slopes_, q); }

 private:
  double at(const std::vector<double>& values, double q) const;
  double center_ = 0;
  double half_ = 0;
  std::vector<double> nodes_;  // in [-1, 1]
  std::vector<double> squares_;
  std::vector<double> slopes_;
};

// Contribution of one hidden layer to the variance of the squared gradient norm of a single sample: independent
// Gaussian weights, or orthogonal ones.
double relative_variance(double kurtosis, double units, bool orthogonal = false);
// Standard deviation, in decades, of the norm after layers whose relative variances sum to that.
double deviation_decades(double sum_of_relative_variances);

}  // namespace evenflow::theory
