#include "evenflow/tensor/kernels/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "evenflow/base/random.h"
#include "evenflow/tensor/kernels/targets_test.h"

namespace evenflow::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> normal(std::size_t count, std::uint64_t seed, double factor = 1) {
  Random random(seed);
  std::vector<float> x(count);
  for (float& v : x) v = static_cast<float>(factor * random.normal());
  return x;
}

// The definition. long double: its sum is the truth for all that we compare.
void expect_moments(const std::vector<float>& x) {
  long double sum = 0, magnitude = 0, squares = 0;
  double maximum = 0, zeros = 0, non_finite = 0;
  for (const float v : x) {
    if (!std::isfinite(v)) {
      ++non_finite;
      continue;
    }
    sum += v;
    magnitude += std::abs(v);
    squares += static_cast<long double>(v) * v;
    maximum = std::max(maximum, std::abs(static_cast<double>(v)));
    zeros += v == 0 ? 1 : 0;
  }
  const Moments m = moments(x.data(), x.size());
  EXPECT_EQ(m.count, static_cast<double>(x.size()));
  EXPECT_NEAR(m.sum, static_cast<double>(sum), 1e-6 * static_cast<double>(magnitude));
  EXPECT_NEAR(m.sum_of_squares, static_cast<double>(squares), 1e-6 * static_cast<double>(squares));
  EXPECT_EQ(m.maximum, maximum);
  EXPECT_EQ(m.zeros, zeros);
  EXPECT_EQ(m.non_finite, non_finite);
}

TEST(Moments, AllLengths) {
  for_each_target([] {
    for (std::size_t count = 0; count < 200; ++count) expect_moments(normal(count, count));
    for (const std::size_t count : {1023u, 4095u, 4096u, 4097u, 65535u, 65537u, 300001u}) {
      expect_moments(normal(count, count));
    }
  });
}

TEST(Moments, AnyMagnitude) {
  for_each_target([] {
    // From float32's smallest number to beyond its largest, where some elements are infinite.
    for (double factor = 1e-45; factor < 1e39; factor *= 31.6) expect_moments(normal(5000, 1, factor));
  });
}

// Every addition of like numbers may round the same way.
TEST(Moments, ConstantArrays) {
  for_each_target([] {
    for (const float value : {0.1f, 1.0f / 3, -0.7f, 1.1e-3f, 16777215.0f}) {
      expect_moments(std::vector<float>(100000, value));
    }
  });
}

TEST(Moments, MagnitudesFarApart) {
  for_each_target([] {
    std::vector<float> x = normal(9000, 2);
    for (std::size_t i = 0; i < x.size(); i += 2) x[i] *= 1e-25f;
    expect_moments(x);
    x[4500] = 3e38f;  // only one piece of the array leaves the ordinary range
    expect_moments(x);
    std::fill(x.begin(), x.begin() + 4096, 1e-30f);
    expect_moments(x);
    std::fill(x.begin(), x.end(), 0.0f);
    expect_moments(x);
    x[77] = 1e-44f;
    expect_moments(x);
  });
}

TEST(Moments, ZerosAndWhatIsNotFinite) {
  for_each_target([] {
    for (const std::size_t count : {1u, 5u, 64u, 131u, 5000u}) {
      for (const float value : {kNan, kInfinity, -kInfinity, 0.0f, -0.0f}) {
        for (const std::size_t at : {std::size_t{0}, count / 2, count - 1}) {
          std::vector<float> x = normal(count, 3);
          x[at] = value;
          expect_moments(x);
        }
        expect_moments(std::vector<float>(count, value));
      }
    }
  });
}

TEST(Moments, ThreadsDoNotMatter) {
  const std::vector<float> x = normal(500001, 4);
  set_threads(1);
  const Moments expected = moments(x.data(), x.size());
  for_each_thread_count([&] {
    const Moments m = moments(x.data(), x.size());
    EXPECT_EQ(m.sum, expected.sum);
    EXPECT_EQ(m.sum_of_squares, expected.sum_of_squares);
    EXPECT_EQ(m.maximum, expected.maximum);
  });
}

TEST(Moments, OfTwoArraysTogether) {
  const std::vector<float> x{1, 0, -3, kNan, 2};
  Moments total = moments(x.data(), 2);
  total += moments(x.data() + 2, 3);
  EXPECT_EQ(total.count, 5);
  EXPECT_EQ(total.sum, 0);
  EXPECT_EQ(total.sum_of_squares, 14);
  EXPECT_EQ(total.maximum, 3);
  EXPECT_EQ(total.zeros, 1);
  EXPECT_EQ(total.non_finite, 1);
}

void expect_across(const std::vector<float>& x, std::size_t samples, std::size_t features) {
  double variance = 0, always_zero = 0;
  for (std::size_t f = 0; f < features; ++f) {
    double mean = 0, squares = 0;
    bool zero = true;
    for (std::size_t s = 0; s < samples; ++s) {
      mean += static_cast<double>(x[s * features + f]) / static_cast<double>(samples);
      zero = zero && x[s * features + f] == 0;
    }
    for (std::size_t s = 0; s < samples; ++s) squares += std::pow(static_cast<double>(x[s * features + f]) - mean, 2);
    variance += squares / static_cast<double>(samples * features);
    always_zero += zero ? 1 : 0;
  }
  const AcrossSamples across = across_samples(x.data(), samples, features);
  EXPECT_NEAR(across.variance, variance, 1e-11 * variance);
  EXPECT_EQ(across.always_zero, always_zero);
}

TEST(AcrossSamples, EqualsTheDefinition) {
  for_each_target([] {
    for (std::size_t features = 1; features < 40; ++features)
      expect_across(normal(7 * features, features), 7, features);
    for (const std::size_t features : {127u, 128u, 129u, 1000u}) {
      expect_across(normal(32 * features, features), 32, features);
      // Of features far from zero in the mean, and of tiny ones.
      std::vector<float> x = normal(5 * features, features, 1e-20);
      expect_across(x, 5, features);
      for (float& v : x) v = 1000 + v * 1e20f;
      expect_across(x, 5, features);
    }
    expect_across(normal(50, 1), 1, 50);  // a single sample does not vary
  });
}

TEST(AcrossSamples, FeaturesOfZeros) {
  for_each_target([] {
    std::vector<float> x = normal(std::size_t{4} * 300, 5);
    for (std::size_t s = 0; s < 4; ++s) x[s * 300] = x[s * 300 + 130] = s % 2 == 0 ? 0.0f : -0.0f;
    x[299] = 0;
    expect_across(x, 4, 300);
    EXPECT_EQ(across_samples(x.data(), 4, 300).always_zero, 2);
    x[0] = 1e-45f;
    EXPECT_EQ(across_samples(x.data(), 4, 300).always_zero, 1);
    x[130] = kNan;
    EXPECT_EQ(across_samples(x.data(), 4, 300).always_zero, 0);
    EXPECT_TRUE(std::isnan(across_samples(x.data(), 4, 300).variance));
  });
  EXPECT_EQ(across_samples(nullptr, 0, 3).variance, 0);
  EXPECT_EQ(across_samples(nullptr, 3, 0).variance, 0);
}

TEST(AcrossSamples, ThreadsDoNotMatter) {
  const std::vector<float> x = normal(std::size_t{3} * 20000, 6);
  set_threads(1);
  const double expected = across_samples(x.data(), 3, 20000).variance;
  for_each_thread_count([&] { EXPECT_EQ(across_samples(x.data(), 3, 20000).variance, expected); });
}

}  // namespace
}  // namespace evenflow::kernels
