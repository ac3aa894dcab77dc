#include "evenflow/cure/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace evenflow {
namespace {

// Upper 2.5 % and 0.5 % points of Student's t for 1 to 30 degrees of freedom.
constexpr std::array<double, 30> kStudent95 = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                               2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                                               2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
constexpr std::array<double, 30> kStudent99 = {63.657, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.250, 3.169,
                                               3.106,  3.055, 3.012, 2.977, 2.947, 2.921, 2.898, 2.878, 2.861, 2.845,
                                               2.831,  2.819, 2.807, 2.797, 2.787, 2.779, 2.771, 2.763, 2.756, 2.750};

// Beyond the table the normal's point and the first term of its expansion in 1 / degrees.
double student(std::size_t degrees, Confidence confidence) {
  const bool wide = confidence == Confidence::percent99;
  if (degrees <= kStudent95.size()) return (wide ? kStudent99 : kStudent95)[degrees - 1];
  return wide ? 2.576 + 4.95 / static_cast<double>(degrees) : 1.960 + 2.4 / static_cast<double>(degrees);
}

}  // namespace

Interval interval(std::span<const double> values, Confidence confidence) {
  const auto count = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += value / count;
  if (values.size() < 2) {
    const double infinite = std::numeric_limits<double>::infinity();
    return {mean, -infinite, infinite};
  }
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double half = student(values.size() - 1, confidence) * std::sqrt(squares / (count - 1) / count);
  return {mean, mean - half, mean + half};
}

Interval paired_interval(std::span<const double> a, std::span<const double> b, Confidence confidence) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) differences.push_back(a[i] - b[i]);
  return interval(differences, confidence);
}

double median(std::span<const double> values) {
  if (values.empty()) return 0;
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

}  // namespace evenflow
