#include "evenflow/cure/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace evenflow {
namespace {

// R: t.test(c(1, 2, 3, 4)): mean 2.5, interval 0.4457 to 4.5543.
TEST(Statistics, IntervalOfStudentsT) {
  const std::vector<double> values = {1, 2, 3, 4};
  const Interval result = interval(values);
  EXPECT_NEAR(result.mean, 2.5, 1e-12);
  EXPECT_NEAR(result.low, 0.4457, 1e-3);
  EXPECT_NEAR(result.high, 4.5543, 1e-3);
}

TEST(Statistics, OneValueSaysNothing) {
  const std::vector<double> values = {1};
  EXPECT_TRUE(std::isinf(interval(values).high));
}

// The spread between seeds does not count, only that of the differences.
TEST(Statistics, PairedBySeed) {
  const std::vector<double> a = {1.1, 10.1, 100.1};
  const std::vector<double> b = {1, 10, 100};
  const Interval result = paired_interval(a, b);
  EXPECT_NEAR(result.mean, 0.1, 1e-9);
  EXPECT_NEAR(result.low, 0.1, 1e-9);
}

TEST(Statistics, Median) {
  const std::vector<double> odd = {3, 1, 2};
  const std::vector<double> even = {4, 1, 2, 3};
  EXPECT_EQ(median(odd), 2);
  EXPECT_EQ(median(even), 2.5);
  EXPECT_EQ(median({}), 0);
}

}  // namespace
}  // namespace evenflow
