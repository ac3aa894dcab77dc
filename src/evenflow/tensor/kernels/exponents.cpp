#include "evenflow/tensor/kernels/exponents.h"

#include <bit>

namespace evenflow::kernels {
namespace {

std::size_t exponent_field(float x) {
  return std::bit_cast<std::uint32_t>(x) >> 23 & 0xff;
}

}  // namespace

// Neighbours have mostly the same few exponents, and an increment of a bin waits for the one before it: turns between
// four tables take that wait away, where there are enough elements to pay for adding the tables up.
void count_exponents(const float* x, std::size_t count, std::uint32_t* bins) {
  constexpr std::size_t kTables = 4;
  constexpr std::size_t kWorthTables = 1024;
  std::size_t i = 0;
  if (count >= kWorthTables) {
    std::uint32_t tables[kTables][kExponentFields] = {};
    for (; i + kTables <= count; i += kTables) {
      for (std::size_t t = 0; t < kTables; ++t) ++tables[t][exponent_field(x[i + t])];
    }
    for (std::size_t e = 0; e < kExponentFields; ++e)
      bins[e] += tables[0][e] + tables[1][e] + tables[2][e] + tables[3][e];
  }
  for (; i < count; ++i) ++bins[exponent_field(x[i])];
}

}  // namespace evenflow::kernels
