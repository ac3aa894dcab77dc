// One pass over an array that gives all the numbers we keep of it, as if in float64: the square of a float32 neither
// overflows nor underflows. Sums of squares err by less than 1e-6 of themselves, sums by less than 1e-6 of the sum of
// absolute values; counts and maxima are exact. Results do not depend on the number of threads.
#pragma once

#include <cstddef>

namespace evenflow::kernels {

// Non-finite elements are counted and left out of the other numbers' sums and maximum.
struct Moments {
  double count = 0;
  double sum = 0;
  double sum_of_squares = 0;
  double maximum = 0;     // of the absolute values
  double zeros = 0;       // exactly zero
  double non_finite = 0;  // NaN or infinite
};
inline constexpr std::size_t kMomentsSize = 6;
Moments& operator+=(Moments& total, const Moments& part);  // of two arrays together

Moments moments(const float* x, std::size_t count);

// Of a matrix (samples, features): the mean over features of the variance across samples (biased), and the count of
// features that are zero for every sample. A NaN or an infinity makes the variance NaN; no sample or feature: both 0.
struct AcrossSamples {
  double variance = 0;
  double always_zero = 0;
};
AcrossSamples across_samples(const float* x, std::size_t samples, std::size_t features);

}  // namespace evenflow::kernels
