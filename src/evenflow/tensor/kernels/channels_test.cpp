#include "evenflow/tensor/kernels/channels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "evenflow/base/random.h"
#include "evenflow/tensor/kernels/targets_test.h"

namespace evenflow::kernels {
namespace {

std::vector<float> normal(std::size_t count, std::uint64_t seed, double mean = 0) {
  Random random(seed);
  std::vector<float> x(count);
  for (float& v : x) v = static_cast<float>(mean + random.normal());
  return x;
}

// Everything against its definition in float64. A mean of 1000 deviations must not hurt the squares.
void expect_definitions(std::size_t rows, std::size_t channels, double mean) {
  const std::vector<float> x = normal(rows * channels, 1, mean);
  const std::vector<float> dy = normal(rows * channels, 2);
  const std::vector<float> center = normal(channels, 3, mean);
  const std::vector<float> a = normal(channels, 4);
  const std::vector<float> b = normal(channels, 5);
  const std::vector<float> c = normal(channels, 6);
  std::vector<double> sum(channels, 1), squares(channels, 2), dy_sum(channels, 3), products(channels, 4);
  std::vector<float> y(rows * channels), dx(rows * channels);
  add_channel_moments(x.data(), center.data(), rows, channels, sum.data(), squares.data());
  add_channel_products(x.data(), dy.data(), center.data(), a.data(), rows, channels, dy_sum.data(), products.data());
  normalize_channels(x.data(), center.data(), a.data(), b.data(), rows, channels, y.data());
  normalize_channels_gradient(x.data(), dy.data(), center.data(), a.data(), b.data(), c.data(), rows, channels,
                              dx.data());
  const double tolerance = 1e-5 * static_cast<double>(rows);
  for (std::size_t j = 0; j < channels; ++j) {
    double expected[4] = {1, 2, 3, 4};
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t at = i * channels + j;
      const double d = static_cast<double>(x[at] - center[j]);
      const auto g = static_cast<double>(dy[at]);
      expected[0] += d;
      expected[1] += d * d;
      expected[2] += g;
      expected[3] += g * d * static_cast<double>(a[j]);
      EXPECT_NEAR(y[at], d * static_cast<double>(a[j]) + static_cast<double>(b[j]), 1e-5);
      EXPECT_NEAR(dx[at], static_cast<double>(a[j]) * g - static_cast<double>(b[j]) - d * static_cast<double>(c[j]),
                  1e-5);
    }
    EXPECT_NEAR(sum[j], expected[0], tolerance);
    EXPECT_NEAR(squares[j], expected[1], tolerance);
    EXPECT_NEAR(dy_sum[j], expected[2], tolerance);
    EXPECT_NEAR(products[j], expected[3], tolerance);
  }
}

TEST(Channels, AgreeWithTheirDefinitions) {
  for_each_target([] {
    for (const std::size_t channels : {1u, 3u, 4u, 8u, 15u, 16u, 17u, 33u, 64u}) {
      for (const std::size_t rows : {1u, 2u, 31u, 32u, 33u, 100u}) expect_definitions(rows, channels, 0);
    }
    expect_definitions(500, 20, 1000);
  });
}

}  // namespace
}  // namespace evenflow::kernels
