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

// ---- Layers' outputs, which need not be recorded at every step

// Indices of the steps that hold numbers of layers.
inline std::vector<std::size_t> layer_records(const RunTrace& run) {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < run.steps.size(); ++i) {
    if (!run.steps[i].layers.empty()) indices.push_back(i);
  }
  return indices;
}

// Do the records span 20 steps, so that there is a start and a now?
inline bool spans_enough(const RunTrace& run, const std::vector<std::size_t>& records) {
  return records.size() >= 2 && run.steps[records.back()].iteration - run.steps[records.front()].iteration + 1 >= 20;
}

// From this step on the records, ten at most, say how it is now.
inline std::size_t recent_record(const std::vector<std::size_t>& records) {
  return records[records.size() - std::min<std::size_t>(10, records.size() - 1)];
}

// The first record that is not before that step; the last one if there is none.
inline std::size_t record_from(const std::vector<std::size_t>& records, std::size_t step) {
  const auto found = std::lower_bound(records.begin(), records.end(), step);
  return found == records.end() ? records.back() : *found;
}

}  // namespace evenflow
