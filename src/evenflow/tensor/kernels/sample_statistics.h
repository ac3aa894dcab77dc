// Numbers of a layer's output, seen as a matrix (samples, features): how large it is, how it differs from sample to
// sample, and what its activation does. Sums run in float32 over at most a column or a row and in float64 beyond;
// values that float32 cannot square go a slow way in float64. Results do not depend on the number of threads.
#pragma once

#include <cstddef>

namespace evenflow::kernels {

struct SampleStatistics {
  double squares = 0;   // sum; of the finite elements, as all numbers here
  double variance = 0;  // mean over features of the variance across samples (biased)
  double cosine = 0;    // mean over pairs of samples that are not zero; NaN when there are fewer than two
  double non_finite = 0;
};
// `inverse_norms` holds a number for each sample: scratch.
SampleStatistics sample_statistics(const float* x, std::size_t samples, std::size_t features, float* inverse_norms);

struct SlopeStatistics {
  double sum = 0;  // of the finite slopes, as the squares
  double squares = 0;
  double saturated = 0;   // outputs <= below or >= above
  double dead_units = 0;  // features whose slope is exactly 0 for every sample
  double non_finite = 0;
};
SlopeStatistics slope_statistics(const float* slopes, const float* outputs, std::size_t samples, std::size_t features,
                                 double below, double above);

}  // namespace evenflow::kernels
