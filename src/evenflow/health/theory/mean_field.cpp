#include "evenflow/health/theory/mean_field.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "evenflow/health/theory/quadrature.h"

namespace evenflow::theory {
namespace {

double square(double x) {
  return x * x;
}

double normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

// E[f(t)] for a standard normal t, by the trapezoidal rule: for smooth f exact beyond need, for kinks to about 1e-3,
// and cheap enough to be nested.
template <class F>
double normal_mean(const F& f) {
  constexpr double kStep = 0.25;
  constexpr int kHalf = 26;
  double sum = 0;
  for (int i = -kHalf; i <= kHalf; ++i) {
    const double t = kStep * i;
    sum += f(t) * std::exp(-t * t / 2);
  }
  return sum * kStep / std::sqrt(2 * std::numbers::pi);
}

// The smallest |z| on one side from which on the output lies beyond the bound; infinity if there is none.
double threshold(const ActivationChoice& activation, double bound, double side) {
  constexpr double kFar = 1e6;
  const auto beyond = [&](double z) {
    const double y = activation.function->f(side * z, activation.parameters);
    return side > 0 ? y >= bound : y <= bound;
  };
  if (!std::isfinite(bound) || !beyond(kFar)) return std::numeric_limits<double>::infinity();
  double below = 0;
  double above = kFar;
  for (int i = 0; i < 100 && above - below > 1e-12 * above; ++i) {
    const double middle = (below + above) / 2;
    (beyond(middle) ? above : below) = middle;
  }
  return above;
}

}  // namespace

Moments moments(const ActivationChoice& activation, double q) {
  if (activation.function == nullptr) return {0, q, 1, 1, 1};
  const ActivationFunction& f = *activation.function;
  Moments m;
  for (const Node& node : gaussian_nodes(q, f.kinks)) {
    const double y = f.f(node.z, activation.parameters);
    const double slope = f.df(node.z, activation.parameters);
    m.mean += node.weight * y;
    m.mean_square += node.weight * y * y;
    m.mean_slope += node.weight * slope;
    m.mean_square_slope += node.weight * slope * slope;
    m.fourth_moment_slope += node.weight * square(slope * slope);
  }
  return m;
}

double mean_square(const ActivationChoice& activation, double q) {
  return moments(activation, q).mean_square;
}

double mean_square_slope(const ActivationChoice& activation, double q) {
  return moments(activation, q).mean_square_slope;
}

double slope_kurtosis(const ActivationChoice& activation, double q) {
  return moments(activation, q).kurtosis();
}

double length_slope(const ActivationChoice& activation, double q) {
  const double h = 1e-3 * q;
  return (mean_square(activation, q + h) - mean_square(activation, q - h)) / (2 * h);
}

bool homogeneous(const ActivationChoice& activation) {
  if (activation.function == nullptr) return !activation.row_wise;
  const auto f = [&](double x) { return activation.function->f(x, activation.parameters); };
  for (const double side : {-1.0, 1.0}) {
    for (const double size : {1e-3, 30.0}) {
      if (std::abs(f(side * size) - size * f(side)) > 1e-6 * size) return false;
    }
  }
  return true;
}

double next_correlation(const ActivationChoice& activation, double q, double correlation) {
  const double c = std::clamp(correlation, 0.0, 1.0);
  if (c == 1) return 1;
  if (homogeneous(activation)) {
    // f = s x + d |x|, with E[|u||v|] = (2 q / pi)(sqrt(1 - c^2) + c asin c).
    const auto f = [&](double x) {
      return activation.function == nullptr ? x : activation.function->f(x, activation.parameters);
    };
    const double s = (f(1) - f(-1)) / 2;
    const double d = (f(1) + f(-1)) / 2;
    const double both = s * s + d * d;
    if (both == 0) return 1;
    return (s * s * c + d * d * 2 / std::numbers::pi * (std::sqrt(1 - c * c) + c * std::asin(c))) / both;
  }
  const Moments m = moments(activation, q);
  if (m.mean_square == 0) return 1;
  if (c == 0) return square(m.mean) / m.mean_square;
  const double common = std::sqrt(q * c);
  const double own = std::sqrt(q * (1 - c));
  const auto f = [&](double x) { return activation.function->f(x, activation.parameters); };
  const double product =
      normal_mean([&](double t) { return square(normal_mean([&](double s) { return f(common * t + own * s); })); });
  return std::clamp(product / m.mean_square, 0.0, 1.0);
}

double saturated_fraction(const ActivationChoice& activation, double q) {
  if (activation.function == nullptr || !(q > 0)) return 0;
  const double scale = std::sqrt(q);
  return normal_cdf(-threshold(activation, activation.function->saturated_above, 1) / scale) +
         normal_cdf(-threshold(activation, activation.function->saturated_below, -1) / scale);
}

double dead_fraction(const ActivationChoice& activation, double q, double correlation, double samples) {
  if (activation.function == nullptr || !activation.function->has_dead_zone || !(q > 0)) return 0;
  constexpr double kFar = -1e6;
  if (activation.function->df(kFar, activation.parameters) != 0) return 0;
  double edge = std::numeric_limits<double>::infinity();
  for (const double kink : activation.function->kinks) {
    if (!std::isnan(kink)) edge = std::min(edge, kink);
  }
  const double c = std::clamp(correlation, 0.0, 1 - 1e-9);
  const double at = edge / std::sqrt(q);
  return normal_mean(
      [&](double t) { return std::pow(normal_cdf((at - std::sqrt(c) * t) / std::sqrt(1 - c)), samples); });
}

MomentCurve::MomentCurve(const ActivationChoice& activation, double smallest, double largest)
    : center_((std::log(smallest) + std::log(largest)) / 2), half_((std::log(largest) - std::log(smallest)) / 2) {
  const int count = half_ < 1e-9 ? 1 : 10;
  for (int i = 0; i < count; ++i) {
    const double x = count == 1 ? 0 : std::cos(std::numbers::pi * (i + 0.5) / count);
    const Moments m = moments(activation, std::exp(center_ + half_ * x));
    nodes_.push_back(x);
    squares_.push_back(m.mean_square);
    slopes_.push_back(m.mean_square_slope);
  }
}

double MomentCurve::at(const std::vector<double>& values, double q) const {
  if (values.size() == 1) return values.front();
  const double x = (std::log(q) - center_) / half_;
  const auto count = static_cast<double>(nodes_.size());
  double numerator = 0;
  double denominator = 0;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const double distance = x - nodes_[i];
    if (std::abs(distance) < 1e-14) return values[i];
    // Barycentric weights of Chebyshev's first nodes: alternating sines.
    const double angle = std::numbers::pi * (static_cast<double>(i) + 0.5) / count;
    const double weight = (i % 2 == 0 ? 1 : -1) * std::sin(angle) / distance;
    numerator += weight * values[i];
    denominator += weight;
  }
  return numerator / denominator;
}

double relative_variance(double kurtosis, double units, bool orthogonal) {
  return (orthogonal ? 3 * (kurtosis - 1) : 3 * kurtosis - 1) / units;
}

double deviation_decades(double sum_of_relative_variances) {
  return 0.5 * std::numbers::log10e * std::sqrt(sum_of_relative_variances);
}

}  // namespace evenflow::theory
