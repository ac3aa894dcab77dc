// Counter-based random numbers: element i of stream s of seed k is a pure function of (k, s, i), so a run does not
// depend on the number of threads or on the order of evaluation.
// Philox4x32-10: J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace evenflow {

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

// One stream read in order. Copyable; cheap to make.
class Random {
 public:
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  std::uint32_t bits();
  double uniform();  // [0, 1), 53 bits
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double normal();                           // mean 0, deviation 1; the same on every machine
  std::uint64_t below(std::uint64_t bound);  // [0, bound), unbiased; bound > 0
  std::vector<std::int64_t> permutation(std::int64_t count);

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t block_ = 0;
  std::array<std::uint32_t, 4> buffer_{};
  int left_ = 0;
};

// A stream number from a name, the same on every machine (FNV-1a).
std::uint64_t stream_of(std::string_view name);
// Mixes two numbers into a seed.
std::uint64_t mix(std::uint64_t a, std::uint64_t b);

}  // namespace evenflow
