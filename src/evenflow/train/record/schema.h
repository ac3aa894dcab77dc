// The tables of a run record (docs/run_record.md): one place for writing and reading.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "evenflow/record.h"

namespace evenflow::record {

inline constexpr int kVersion = 1;  // PRAGMA user_version
inline constexpr int kApplicationId = 0x65766c77;

// The columns of numbers, in the order in which they are written. T is ParameterReport or LayerReport, const or not.
template <class T, class Visit>
requires std::same_as<std::remove_const_t<T>, ParameterReport>
void visit_numbers(T& report, const Visit& visit) {
  visit("gradient_norm", report.gradient_norm);
  visit("gradient_maximum", report.gradient_maximum);
  visit("gradient_mean", report.gradient_mean);
  visit("zero_fraction", report.zero_fraction);
  visit("non_finite", report.non_finite);
  visit("clipped_norm", report.clipped_norm);
  visit("weight_norm", report.weight_norm);
  visit("update_norm", report.update_norm);
  visit("update_ratio", report.update_ratio);
}
template <class T, class Visit>
requires std::same_as<std::remove_const_t<T>, LayerReport>
void visit_numbers(T& report, const Visit& visit) {
  visit("second_moment", report.second_moment);
  visit("variance_fraction", report.variance_fraction);
  visit("cosine", report.cosine);
  visit("mean_slope", report.mean_slope);
  visit("mean_square_slope", report.mean_square_slope);
  visit("saturated", report.saturated);
  visit("dead", report.dead);
  visit("gradient_norm", report.gradient_norm);
  visit("non_finite", report.non_finite);
}
template <class T, class Visit>
requires std::same_as<std::remove_const_t<T>, StepReport>
void visit_numbers(T& report, const Visit& visit) {
  visit("loss", report.loss);
  visit("learning_rate", report.learning_rate);
  visit("global_norm", report.global_norm);
  visit("clip_factor", report.clip_factor);
}

// ", a, b, c" or ", a REAL, b REAL, c REAL"; and as many ", ?".
template <class T>
std::string columns(const char* type = "") {
  std::string text;
  T report{};
  visit_numbers(report, [&](const char* name, double) { text += std::string(", ") + name + type; });
  return text;
}
template <class T>
std::string placeholders() {
  std::string text;
  T report{};
  visit_numbers(report, [&](const char*, double) { text += ", ?"; });
  return text;
}

std::string schema();

// A histogram of kExponentBins bins without the empty bins at both ends: int32 floor(log2 |x|) of the first bin, then
// the counts. Empty when there is nothing to count.
std::vector<std::int32_t> pack_exponents(std::span<const double> bins);
std::vector<double> unpack_exponents(std::span<const std::byte> bytes);

std::vector<double> unpack_doubles(std::span<const std::byte> bytes);

}  // namespace evenflow::record
