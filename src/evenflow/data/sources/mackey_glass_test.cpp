#include <cmath>

#include "evenflow/data/test_files.h"

namespace evenflow::sources {
namespace {

TEST(MackeyGlass, FollowsItsEquation) {
  constexpr std::int64_t kSteps = 400;
  const Dataset data = load_data("mackey_glass:samples=1,window=400");
  // Central differences of order 4 over whole units of time, against the right side of the equation.
  const auto x = [&](std::int64_t t) { return static_cast<double>(data.x[t]); };
  for (std::int64_t t = 19; t + 2 < kSteps; ++t) {
    const double slope = (8 * (x(t + 1) - x(t - 1)) - (x(t + 2) - x(t - 2))) / 12;
    const double delayed = x(t - 17);
    EXPECT_NEAR(slope, 0.2 * delayed / (1 + std::pow(delayed, 10)) - 0.1 * x(t), 2e-3) << t;
  }
}

TEST(MackeyGlass, SayingTheMeanHasTheDocumentedError) {
  const Dataset data = load_data("mackey_glass:samples=20000,window=1");
  double mean = 0;
  double square = 0;
  for (const float y : data.y.values()) {
    mean += y / 20000.0;
    square += y * y / 20000.0;
  }
  EXPECT_NEAR(mean, 0.93, 0.01);
  EXPECT_NEAR(square - mean * mean, 0.05, 0.005);
}

// A small difference at the start grows: the series are unlike in the end.
TEST(MackeyGlass, SeedsGiveOtherSeries) {
  const Dataset one = load_data("mackey_glass:samples=1000,window=1,seed=1");
  const Dataset other = load_data("mackey_glass:samples=1000,window=1,seed=2");
  double difference = 0;
  for (std::int64_t i = 0; i < 1000; ++i) difference += std::abs(one.x[i] - other.x[i]) / 1000;
  EXPECT_GT(difference, 0.05);
}

}  // namespace
}  // namespace evenflow::sources
