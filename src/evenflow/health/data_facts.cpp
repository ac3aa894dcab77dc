#include "evenflow/health/data_facts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace evenflow {
namespace {

// Enough rows to see the scale of any feature; more would take longer than the probe.
constexpr std::int64_t kMostValues = 1 << 22;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void add_inputs(const Tensor& x, DataFacts& facts) {
  const std::int64_t width = x.shape().back();
  const std::int64_t rows = std::min(x.count(), kMostValues) / std::max<std::int64_t>(width, 1);
  std::vector<double> sums(static_cast<std::size_t>(width), 0.0);
  std::vector<double> squares(sums.size(), 0.0);
  facts.minimum = kInfinity;
  facts.maximum = -kInfinity;
  double total = 0;
  double total_squares = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = 0; i < width; ++i) {
      const double value = static_cast<double>(x[row * width + i]);
      if (!std::isfinite(value)) {
        ++facts.non_finite;
        continue;
      }
      facts.minimum = std::min(facts.minimum, value);
      facts.maximum = std::max(facts.maximum, value);
      sums[static_cast<std::size_t>(i)] += value;
      squares[static_cast<std::size_t>(i)] += value * value;
    }
  }
  facts.smallest_deviation = kInfinity;
  double constant = 0;
  const auto count = static_cast<double>(rows);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    total += sums[i];
    total_squares += squares[i];
    const double mean = sums[i] / count;
    const double variance = squares[i] / count - mean * mean;
    if (variance <= 1e-12 * squares[i] / count) {
      ++constant;
      continue;
    }
    facts.smallest_deviation = std::min(facts.smallest_deviation, std::sqrt(variance));
    facts.largest_deviation = std::max(facts.largest_deviation, std::sqrt(variance));
  }
  if (!std::isfinite(facts.smallest_deviation)) facts.smallest_deviation = 0;
  facts.mean = total / (count * static_cast<double>(width));
  facts.root_mean_square = std::sqrt(total_squares / (count * static_cast<double>(width)));
  facts.constant_features = constant / static_cast<double>(width);
}

void add_targets(const Tensor& y, DataFacts& facts) {
  facts.with_targets = true;
  facts.target_integers = true;
  facts.target_minimum = facts.target_row_sum_minimum = kInfinity;
  facts.target_maximum = facts.target_row_sum_maximum = -kInfinity;
  const std::int64_t samples = y.shape()[0];
  facts.target_width = y.count() / std::max<std::int64_t>(samples, 1);
  const std::int64_t rows = std::min(y.count(), kMostValues) / std::max<std::int64_t>(facts.target_width, 1);
  for (std::int64_t row = 0; row < rows; ++row) {
    double sum = 0;
    for (std::int64_t i = 0; i < facts.target_width; ++i) {
      const double value = static_cast<double>(y[row * facts.target_width + i]);
      if (!std::isfinite(value)) {
        ++facts.non_finite;
        continue;
      }
      sum += value;
      facts.target_minimum = std::min(facts.target_minimum, value);
      facts.target_maximum = std::max(facts.target_maximum, value);
      facts.target_integers = facts.target_integers && value == std::floor(value);
    }
    facts.target_row_sum_minimum = std::min(facts.target_row_sum_minimum, sum);
    facts.target_row_sum_maximum = std::max(facts.target_row_sum_maximum, sum);
  }
}

}  // namespace

DataFacts data_facts(const Dataset& data) {
  DataFacts facts;
  if (!data.x.empty()) add_inputs(data.x, facts);
  if (!data.y.empty()) add_targets(data.y, facts);
  return facts;
}

}  // namespace evenflow
