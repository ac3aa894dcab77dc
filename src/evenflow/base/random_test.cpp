#include "evenflow/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace evenflow {
namespace {

using Words = std::array<std::uint32_t, 4>;

// kat_vectors of Random123, philox4x32 with 10 rounds.
TEST(Random, PhiloxKnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, OneSeedOneSequence) {
  Random a(7, 3);
  Random b(7, 3);
  Random other_seed(8, 3);
  Random other_stream(7, 4);
  int equal_seed = 0;
  int equal_stream = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint32_t bits = a.bits();
    ASSERT_EQ(bits, b.bits());
    equal_seed += bits == other_seed.bits() ? 1 : 0;
    equal_stream += bits == other_stream.bits() ? 1 : 0;
  }
  EXPECT_LT(equal_seed, 2);
  EXPECT_LT(equal_stream, 2);
}

// The numbers that a release of evenflow draws must not change in the next one: a seed names a run.
TEST(Random, SequencesStay) {
  Random random(1, 2);
  EXPECT_EQ(random.bits(), 0x38c951a6u);
  EXPECT_EQ(random.uniform(), 0x1.5e535114984f6p-2);
  EXPECT_EQ(random.normal(), -0x1.9befcec81f5d5p-3);
  EXPECT_EQ(random.below(1000000), 631830u);
  EXPECT_EQ(random.permutation(8), (std::vector<std::int64_t>{3, 2, 4, 0, 5, 7, 1, 6}));
  EXPECT_EQ(stream_of("dense/kernel"), 0x00e866201259ba30u);
  EXPECT_EQ(stream_of(""), 0xcbf29ce484222325u);
  EXPECT_EQ(stream_of("a"), 0xaf63dc4c8601ec8cu);  // FNV-1a's published test vectors
  EXPECT_NE(mix(1, 2), mix(2, 1));
}

TEST(Random, UniformMoments) {
  constexpr int kCount = 200000;
  Random random(11);
  double sum = 0, squares = 0, lowest = 1, highest = 0;
  for (int i = 0; i < kCount; ++i) {
    const double u = random.uniform();
    sum += u;
    squares += u * u;
    lowest = std::min(lowest, u);
    highest = std::max(highest, u);
  }
  EXPECT_GE(lowest, 0.0);
  EXPECT_LT(highest, 1.0);
  EXPECT_LT(lowest, 1e-4);
  EXPECT_GT(highest, 1 - 1e-4);
  EXPECT_NEAR(sum / kCount, 0.5, 4 * 0.289 / std::sqrt(kCount));
  EXPECT_NEAR(squares / kCount, 1.0 / 3, 4 * 0.298 / std::sqrt(kCount));
  const double x = random.uniform(-3, -2);
  EXPECT_TRUE(x >= -3 && x < -2);
}

TEST(Random, NormalMomentsAndDistribution) {
  constexpr int kCount = 400000;
  Random random(12);
  std::vector<double> draws(kCount);
  double powers[5] = {};
  for (double& z : draws) {
    z = random.normal();
    for (int p = 1; p <= 4; ++p) powers[p] += std::pow(z, p) / kCount;
  }
  const double error = 1 / std::sqrt(kCount);  // E[z^2k] gives the deviations 1, sqrt 2, sqrt 15, sqrt 96
  EXPECT_NEAR(powers[1], 0, 4 * error);
  EXPECT_NEAR(powers[2], 1, 4 * 1.42 * error);
  EXPECT_NEAR(powers[3], 0, 4 * 3.88 * error);
  EXPECT_NEAR(powers[4], 3, 4 * 9.80 * error);
  // Kolmogorov and Smirnov's distance; 1.95 / sqrt(n) is exceeded once in a thousand seeds.
  std::sort(draws.begin(), draws.end());
  double distance = 0;
  for (int i = 0; i < kCount; ++i) {
    const double cdf = 0.5 * std::erfc(-draws[static_cast<std::size_t>(i)] / std::sqrt(2.0));
    distance =
        std::max({distance, std::abs(cdf - static_cast<double>(i) / kCount), std::abs(cdf - (i + 1.0) / kCount)});
  }
  EXPECT_LT(distance, 1.95 * error);
  EXPECT_GT(draws.back(), 4);  // 12 of 400,000 are
  EXPECT_LT(draws.front(), -4);
}

TEST(Random, BelowIsUnbiased) {
  Random random(13);
  int counts[6] = {};
  for (int i = 0; i < 60000; ++i) ++counts[random.below(6)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 4 * 91.3);
  EXPECT_EQ(random.below(1), 0u);
  // With a bound just above half the range, a plain remainder would give the lower third twice as often.
  constexpr std::uint64_t kBound = (std::uint64_t{3} << 62);
  int low = 0;
  for (int i = 0; i < 30000; ++i) {
    const std::uint64_t value = random.below(kBound);
    ASSERT_LT(value, kBound);
    low += value < kBound / 3 ? 1 : 0;
  }
  EXPECT_NEAR(low, 10000, 4 * 81.7);
}

TEST(Random, PermutationHoldsEachIndexOnce) {
  Random random(14);
  EXPECT_TRUE(random.permutation(0).empty());
  EXPECT_EQ(random.permutation(1), std::vector<std::int64_t>{0});
  const std::vector<std::int64_t> order = random.permutation(1000);
  EXPECT_EQ(std::set<std::int64_t>(order.begin(), order.end()).size(), 1000u);
  EXPECT_EQ(*std::min_element(order.begin(), order.end()), 0);
  EXPECT_EQ(*std::max_element(order.begin(), order.end()), 999);
  // All six orders of three, equally often.
  std::map<std::vector<std::int64_t>, int> counts;
  for (int i = 0; i < 12000; ++i) ++counts[random.permutation(3)];
  EXPECT_EQ(counts.size(), 6u);
  for (const auto& [permutation, count] : counts) EXPECT_NEAR(count, 2000, 4 * 40.9);
}

}  // namespace
}  // namespace evenflow
