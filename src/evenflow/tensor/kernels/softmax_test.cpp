#include "evenflow/tensor/kernels/softmax.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "evenflow/base/random.h"

namespace evenflow::kernels {
namespace {

// With a guard behind the last row.
std::vector<float> random_matrix(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> x(rows * columns + 1, 77.0f);
  for (std::size_t i = 0; i < rows * columns; ++i) x[i] = static_cast<float>(4 * random.normal());
  return x;
}

TEST(Softmax, EqualsTheDefinitionForAllWidths) {
  for (std::size_t columns = 1; columns < 70; ++columns) {
    const std::size_t rows = 3;
    const std::vector<float> x = random_matrix(rows, columns, columns);
    const std::vector<float> dy = random_matrix(rows, columns, columns + 1000);
    std::vector<float> y = x;  // in place
    std::vector<float> log_y = x;
    softmax(y.data(), y.data(), rows, columns);
    log_softmax(log_y.data(), log_y.data(), rows, columns);
    std::vector<float> dx = dy;
    std::vector<float> log_dx = dy;
    softmax_gradient(y.data(), dx.data(), dx.data(), rows, columns);
    log_softmax_gradient(log_y.data(), log_dx.data(), log_dx.data(), rows, columns);
    for (std::size_t r = 0; r < rows; ++r) {
      double sum = 0, dot = 0, dy_sum = 0;
      const auto at = [&](std::size_t c) { return r * columns + c; };
      for (std::size_t c = 0; c < columns; ++c) sum += std::exp(static_cast<double>(x[at(c)]));
      const auto p = [&](std::size_t c) { return std::exp(static_cast<double>(x[at(c)])) / sum; };
      for (std::size_t c = 0; c < columns; ++c) {
        dot += p(c) * static_cast<double>(dy[at(c)]);
        dy_sum += static_cast<double>(dy[at(c)]);
      }
      for (std::size_t c = 0; c < columns; ++c) {
        const auto d = static_cast<double>(dy[at(c)]);
        ASSERT_NEAR(y[at(c)], p(c), 2e-6) << columns;
        ASSERT_NEAR(log_y[at(c)], std::log(p(c)), 1e-5) << columns;
        ASSERT_NEAR(dx[at(c)], p(c) * (d - dot), 1e-5) << columns;
        ASSERT_NEAR(log_dx[at(c)], d - p(c) * dy_sum, 1e-4) << columns;
      }
    }
    for (const auto* guarded : {&y, &log_y, &dx, &log_dx}) ASSERT_EQ(guarded->back(), 77.0f);
  }
}

TEST(Softmax, ExtremeRows) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> x{-kInfinity, 0.0f, 3e38f, -3e38f, 3e38f};
  std::vector<float> y(5);
  softmax(x.data(), y.data(), 1, 5);
  EXPECT_EQ(y, (std::vector<float>{0, 0, 0.5f, 0, 0.5f}));
  x[1] = std::numeric_limits<float>::quiet_NaN();
  softmax(x.data(), y.data(), 1, 5);
  EXPECT_TRUE(std::all_of(y.begin(), y.end(), [](float v) { return std::isnan(v); }));
}

}  // namespace
}  // namespace evenflow::kernels
