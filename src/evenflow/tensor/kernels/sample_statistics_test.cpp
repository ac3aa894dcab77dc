#include "evenflow/tensor/kernels/sample_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "evenflow/base/random.h"
#include "evenflow/tensor/kernels/targets_test.h"

namespace evenflow::kernels {
namespace {

using Matrix = std::vector<float>;

Matrix random_matrix(std::size_t count, double scale = 1, double shift = 0) {
  Random random(7);
  Matrix x(count);
  for (float& v : x) v = static_cast<float>(shift + scale * random.normal());
  return x;
}

SampleStatistics measured(const Matrix& x, std::size_t samples) {
  std::vector<float> scratch(samples);
  return sample_statistics(x.data(), samples, x.size() / samples, scratch.data());
}

// The definitions, pair by pair.
SampleStatistics expected(const Matrix& x, std::size_t samples) {
  const std::size_t features = x.size() / samples;
  const auto at = [&](std::size_t i, std::size_t j) { return static_cast<double>(x[i * features + j]); };
  SampleStatistics s;
  for (const float v : x) s.squares += static_cast<double>(v) * static_cast<double>(v);
  for (std::size_t j = 0; j < features; ++j) {
    double mean = 0;
    for (std::size_t i = 0; i < samples; ++i) mean += at(i, j) / static_cast<double>(samples);
    for (std::size_t i = 0; i < samples; ++i) s.variance += std::pow(at(i, j) - mean, 2);
  }
  s.variance /= static_cast<double>(x.size());
  double pairs = 0;
  for (std::size_t a = 0; a < samples; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      double product = 0, first = 0, second = 0;
      for (std::size_t j = 0; j < features; ++j) {
        product += at(a, j) * at(b, j);
        first += at(a, j) * at(a, j);
        second += at(b, j) * at(b, j);
      }
      if (first == 0 || second == 0) continue;
      s.cosine += product / std::sqrt(first * second);
      ++pairs;
    }
  }
  s.cosine /= pairs;
  return s;
}

void expect_near(const SampleStatistics& a, const SampleStatistics& b) {
  EXPECT_NEAR(a.squares, b.squares, 1e-5 * b.squares);
  EXPECT_NEAR(a.variance, b.variance, 1e-5 * b.variance);
  EXPECT_NEAR(a.cosine, b.cosine, 1e-5);
}

TEST(SampleStatistics, AreTheDefinitionsForAnyShapeOnEveryTarget) {
  for_each_target([] {
    for (const std::size_t features : {1u, 3u, 16u, 64u, 77u, 1000u, 5001u}) {
      for (const std::size_t samples : {2u, 5u, 32u}) {
        SCOPED_TRACE(testing::Message() << samples << " x " << features);
        const Matrix x = random_matrix(samples * features, 2.0, 0.3);
        expect_near(measured(x, samples), expected(x, samples));
      }
    }
  });
}

TEST(SampleStatistics, DoNotDependOnTheNumberOfThreads) {
  const Matrix x = random_matrix(std::size_t{64} * 5001);
  std::vector<SampleStatistics> all;
  for_each_thread_count([&] { all.push_back(measured(x, 64)); });
  for (const SampleStatistics& s : all) {
    EXPECT_EQ(s.squares, all[0].squares);
    EXPECT_EQ(s.variance, all[0].variance);
    EXPECT_EQ(s.cosine, all[0].cosine);
  }
}

TEST(SampleStatistics, SeeTheSmallestDifferenceBetweenSamples) {
  Matrix x(8 * 40, 1.0f);
  for (std::size_t j = 0; j < 40; ++j) x[3 * 40 + j] += 1e-6f;
  const SampleStatistics s = measured(x, 8);
  EXPECT_NEAR(s.variance, expected(x, 8).variance, 1e-4 * expected(x, 8).variance);
  EXPECT_GT(s.variance, 0);
  EXPECT_NEAR(s.cosine, 1, 1e-6);
}

TEST(SampleStatistics, HugeAndTinyNumbersNeitherOverflowNorUnderflow) {
  for (const double scale : {1e25, 1e-25}) {
    const Matrix x = random_matrix(std::size_t{6} * 30, scale);
    expect_near(measured(x, 6), expected(x, 6));
  }
}

TEST(SampleStatistics, CountWhatIsNotFiniteAndLeaveItOut) {
  Matrix x = random_matrix(std::size_t{4} * 10);
  x[5] = std::numeric_limits<float>::infinity();
  x[17] = std::nanf("");
  Matrix without = x;
  without[5] = without[17] = 0;
  const SampleStatistics s = measured(x, 4);
  EXPECT_EQ(s.non_finite, 2);
  expect_near(s, expected(without, 4));
}

TEST(SampleStatistics, OneSampleAndZerosHaveNoCosine) {
  EXPECT_TRUE(std::isnan(measured(Matrix(10, 1.0f), 1).cosine));
  EXPECT_TRUE(std::isnan(measured(Matrix(40, 0.0f), 4).cosine));
  EXPECT_EQ(measured(Matrix(40, 0.0f), 4).variance, 0);
}

TEST(SlopeStatistics, CountsUnitsThatNeverHaveASlope) {
  for_each_target([] {
    constexpr std::size_t kSamples = 5;
    constexpr std::size_t kUnits = 19;
    Matrix slopes(kSamples * kUnits, 0.0f);
    Matrix outputs(kSamples * kUnits, 0.5f);
    slopes[2 * kUnits + 18] = -0.25f;
    slopes[4 * kUnits + 3] = 1.0f;
    slopes[0] = std::nanf("");
    outputs[7] = 0.0f;
    outputs[40] = 1.0f;
    const SlopeStatistics s = slope_statistics(slopes.data(), outputs.data(), kSamples, kUnits, 0.0, 1.0);
    EXPECT_EQ(s.sum, 0.75);
    EXPECT_EQ(s.squares, 1.0625);
    EXPECT_EQ(s.saturated, 2);
    EXPECT_EQ(s.dead_units, 16);
    EXPECT_EQ(s.non_finite, 1);
  });
}

}  // namespace
}  // namespace evenflow::kernels
