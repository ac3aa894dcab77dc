#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "evenflow/base/random.h"
#include "evenflow/tensor/kernels/elementwise.h"
#include "evenflow/tensor/kernels/targets_test.h"

namespace evenflow::kernels {
namespace {

constexpr std::uint64_t kSeed = 0x123456789abcdef0;
constexpr std::uint64_t kStream = 42;
constexpr std::uint64_t kStep = (std::uint64_t{1} << 32) + 5;

// The random word of an element, from the scalar generator.
std::uint32_t word(std::uint64_t element) {
  const std::uint64_t key = mix(kSeed, kStream);
  const std::uint64_t block = element / 4;
  const auto words = philox({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                             static_cast<std::uint32_t>(kStep), static_cast<std::uint32_t>(kStep >> 32)},
                            {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)});
  return words[element % 4];
}

// Box and Muller's formula in double precision.
double gaussian(std::uint64_t element) {
  const std::uint64_t pair = element / 2 * 2;
  const double radius = std::sqrt(-2 * std::log((word(pair) / 2 + 0.5) * 0x1p-31));
  const double angle = 2 * std::numbers::pi * word(pair + 1) * 0x1p-32;
  return radius * (element % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

std::vector<float> ramp(std::size_t count) {
  std::vector<float> x(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = static_cast<float>(i) + 1;
  return x;
}

TEST(Dropout, EveryElementHasItsOwnWordWhereverARangeBegins) {
  constexpr std::uint64_t kFar = (std::uint64_t{1} << 34) - 70;  // the block's number passes 2^32
  for_each_target([] {
    for (const std::uint64_t begin :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{6}, std::uint64_t{1023}, kFar}) {
      for (const std::size_t count : {0u, 1u, 2u, 3u, 4u, 5u, 63u, 64u, 65u, 200u}) {
        const std::vector<float> x = ramp(count);
        std::vector<float> y(count + 1, -7.0f);
        dropout(x.data(), y.data(), begin, count, 0.25f, kSeed, kStream, kStep);
        for (std::size_t i = 0; i < count; ++i) {
          ASSERT_EQ(y[i], word(begin + i) >= 0x40000000u ? x[i] * (1 / 0.75f) : 0.0f) << begin << " + " << i;
        }
        ASSERT_EQ(y[count], -7.0f);
      }
    }
  });
}

TEST(Dropout, RatesAtTheEnds) {
  for_each_target([] {
    const std::vector<float> x = ramp(1000);
    std::vector<float> y(1000);
    dropout(x.data(), y.data(), 0, 1000, 0.0f, kSeed, kStream, kStep);
    EXPECT_EQ(y, x);
    dropout(x.data(), y.data(), 0, 1000, 1.0f, kSeed, kStream, kStep);
    EXPECT_EQ(y, std::vector<float>(1000));
    dropout(x.data(), y.data(), 0, 1000, std::nextafter(1.0f, 0.0f), kSeed, kStream, kStep);
    EXPECT_EQ(y, std::vector<float>(1000));
  });
}

TEST(Dropout, KeepsTheExpectation) {
  constexpr std::size_t kCount = 100000;
  const std::vector<float> x(kCount, 1.0f);
  std::vector<float> y(kCount);
  for (const float rate : {0.1f, 0.5f, 0.9f}) {
    dropout(x.data(), y.data(), 0, kCount, rate, 1, 2, 3);
    const auto kept = static_cast<double>(std::count_if(y.begin(), y.end(), [](float v) { return v != 0; }));
    EXPECT_NEAR(kept / kCount, 1 - static_cast<double>(rate), 4 * 0.5 / std::sqrt(kCount));
    EXPECT_NEAR(*std::max_element(y.begin(), y.end()), 1 / (1 - rate), 1e-6);
  }
}

TEST(Dropout, StepsStreamsAndSeedsDiffer) {
  const std::vector<float> x = ramp(256);
  const auto masked = [&](std::uint64_t seed, std::uint64_t stream, std::uint64_t step) {
    std::vector<float> y(256);
    dropout(x.data(), y.data(), 0, 256, 0.5f, seed, stream, step);
    return y;
  };
  EXPECT_EQ(masked(1, 2, 3), masked(1, 2, 3));
  EXPECT_NE(masked(1, 2, 3), masked(1, 2, 4));
  EXPECT_NE(masked(1, 2, 3), masked(1, 3, 3));
  EXPECT_NE(masked(1, 2, 3), masked(2, 2, 3));
}

TEST(GaussianNoise, EqualsTheFormulaWhereverARangeBegins) {
  for_each_target([] {
    for (const std::size_t begin : {0u, 1u, 3u, 1002u}) {
      for (const std::size_t count : {1u, 4u, 7u, 65u, 3000u}) {
        const std::vector<float> x = ramp(count);
        std::vector<float> y(count + 1, -7.0f);
        gaussian_noise(x.data(), y.data(), begin, count, 0.5f, kSeed, kStream, kStep);
        for (std::size_t i = 0; i < count; ++i) {
          const double expected = static_cast<double>(x[i]) + 0.5 * gaussian(begin + i);
          ASSERT_NEAR(y[i], expected, 2e-6 + 1e-7 * std::abs(expected)) << begin << " + " << i;
        }
        ASSERT_EQ(y[count], -7.0f);
      }
    }
  });
}

TEST(GaussianNoise, IsNormal) {
  constexpr std::size_t kCount = 400000;
  for_each_target([] {
    std::vector<float> y(kCount);
    gaussian_noise(y.data(), y.data(), 0, kCount, 2.0f, 1, 2, 3);  // in place
    std::sort(y.begin(), y.end());
    double distance = 0;  // Kolmogorov and Smirnov's
    for (std::size_t i = 0; i < kCount; ++i) {
      const double cdf = 0.5 * std::erfc(static_cast<double>(-y[i]) / 2 / std::sqrt(2.0));
      distance = std::max(distance, std::abs(cdf - static_cast<double>(i) / kCount));
    }
    EXPECT_LT(distance, 1.95 / std::sqrt(kCount));
    EXPECT_TRUE(std::isfinite(y.front()) && std::isfinite(y.back()));
    EXPECT_GT(y.back(), 2 * 4.0f);
  });
}

TEST(Noise, NeitherThreadsNorCutsMatter) {
  constexpr std::size_t kCount = 100001;
  const std::vector<float> x = ramp(kCount);
  for_each_target([&] {
    std::vector<float> dropped(kCount), noisy(kCount);
    set_threads(1);
    dropout(x.data(), dropped.data(), 0, kCount, 0.3f, kSeed, kStream, kStep);
    gaussian_noise(x.data(), noisy.data(), 0, kCount, 0.3f, kSeed, kStream, kStep);
    for_each_thread_count([&] {
      std::vector<float> y(kCount);
      dropout(x.data(), y.data(), 0, kCount, 0.3f, kSeed, kStream, kStep);
      EXPECT_EQ(y, dropped);
      gaussian_noise(x.data(), y.data(), 0, kCount, 0.3f, kSeed, kStream, kStep);
      EXPECT_EQ(y, noisy);
      for (std::size_t at = 0, length = 1; at < kCount; at += length, length = 3 * length + 1) {
        length = std::min(length, kCount - at);
        gaussian_noise(x.data() + at, y.data() + at, at, length, 0.3f, kSeed, kStream, kStep);
      }
      EXPECT_EQ(y, noisy);
    });
  });
}

}  // namespace
}  // namespace evenflow::kernels
