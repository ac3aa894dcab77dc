// Statistics that a few wild values cannot move, and columns of a run.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "evenflow/health.h"

namespace evenflow {

inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

// Standard deviation by the median absolute deviation: for Gaussian values the same.
inline double robust_deviation(const std::vector<double>& values, double center) {
  std::vector<double> distances;
  for (const double value : values) distances.push_back(std::abs(value - center));
  return 1.4826 * median(std::move(distances));
}

// One number of every step in [begin, end); those that are not finite are left out.
template <class Number>
std::vector<double> column(const RunTrace& run, std::size_t begin, std::size_t end, const Number& number) {
  std::vector<double> values;
  for (std::size_t i = begin; i < std::min(end, run.steps.size()); ++i) {
    const double value = number(run.steps[i]);
    if (std::isfinite(value)) values.push_back(value);
  }
  return values;
}

inline std::vector<double> losses(const RunTrace& run, std::size_t begin, std::size_t end) {
  return column(run, begin, end, [](const RunStep& step) { return step.loss; });
}

inline Finding::Onset onset_at(const RunTrace& run, std::size_t step, std::string layer = "") {
  return {.layer = std::move(layer), .step = run.steps[step].iteration};
}

// First recorded step from which on `holds` is true to the end; the number of steps if it does not hold at the end.
template <class Holds>
std::size_t since(const RunTrace& run, const Holds& holds) {
  std::size_t first = run.steps.size();
  while (first > 0 && holds(run.steps[first - 1])) --first;
  return first;
}

}  // namespace evenflow
