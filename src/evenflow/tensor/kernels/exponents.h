// Histograms of binary exponents: which powers of two the elements of an array have. One bin per exponent field of
// float32, so that nothing has a range to choose and two histograms add up.
#pragma once

#include <cstddef>
#include <cstdint>

namespace evenflow::kernels {

inline constexpr std::size_t kExponentFields = 256;

// Adds to bins[e] the number of elements whose exponent field is e: 0 is zero and what lies below the normal range, 255
// is what is not finite.
void count_exponents(const float* x, std::size_t count, std::uint32_t* bins);

}  // namespace evenflow::kernels
