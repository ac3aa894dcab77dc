#include "evenflow/tensor/kernels/exponents.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace evenflow::kernels {
namespace {

using Bins = std::array<std::uint32_t, kExponentFields>;

Bins counted(const std::vector<float>& x) {
  Bins bins{};
  count_exponents(x.data(), x.size(), bins.data());
  return bins;
}

TEST(Exponents, EachKindOfNumberHasItsBin) {
  const float infinity = std::numeric_limits<float>::infinity();
  const Bins bins = counted({0.0f, -0.0f, 1e-40f, 1.0f, -1.5f, 2.0f, 0.75f, infinity, -infinity, std::nanf("")});
  EXPECT_EQ(bins[0], 3u);
  EXPECT_EQ(bins[127], 2u);  // 1 <= |x| < 2
  EXPECT_EQ(bins[128], 1u);
  EXPECT_EQ(bins[126], 1u);
  EXPECT_EQ(bins[255], 3u);
}

TEST(Exponents, LongArraysAreCountedLikeShortOnes) {
  std::vector<float> x;
  for (int i = 0; i < 5003; ++i) x.push_back(std::ldexp(1.3f, i % 37 - 20));
  Bins expected{};
  for (const float value : x) ++expected[static_cast<std::size_t>(std::ilogb(value) + 127)];
  const Bins bins = counted(x);
  EXPECT_EQ(bins, expected);
  EXPECT_EQ(std::accumulate(bins.begin(), bins.end(), 0u), x.size());
}

TEST(Exponents, AddsToWhatIsThere) {
  Bins bins = counted({1.0f});
  const float x = 1.0f;
  count_exponents(&x, 1, bins.data());
  EXPECT_EQ(bins[127], 2u);
}

}  // namespace
}  // namespace evenflow::kernels
