// How much of a training step is measured.
#pragma once

#include <cstdint>
#include <string_view>

namespace evenflow {

enum class StatisticsLevel : std::uint8_t {
  off,
  norms,  // of every parameter: gradient, weight and update
  full,   // also histograms of the gradients' exponents, and numbers of every layer's output
};
// What the steps between those of an interval measure.
constexpr StatisticsLevel level_below(StatisticsLevel level) {
  return level == StatisticsLevel::full ? StatisticsLevel::norms : StatisticsLevel::off;
}
constexpr std::string_view to_string(StatisticsLevel level) {
  return level == StatisticsLevel::off ? "off" : level == StatisticsLevel::norms ? "norms" : "full";
}

// Bins of a histogram of exponents: bin b counts the elements whose exponent field in float32 is b, that is
// floor(log2 |x|) = b - 127. Bin 0 counts numbers below the normal range, without zeros; bin 255 what is not finite.
inline constexpr int kExponentBins = 256;
inline constexpr int kExponentBias = 127;

}  // namespace evenflow
