#include <cmath>

#include "evenflow/data/test_files.h"

namespace evenflow::sources {
namespace {

TEST(Sine, WindowsFollowOneAnotherAndTheTargetLiesBehindThem) {
  const Dataset data = load_data("sine:samples=60,window=8,horizon=3,period=12,seed=4");
  ASSERT_EQ(data.x.shape(), Shape({60, 8, 1}));
  ASSERT_EQ(data.y.shape(), Shape({60}));
  for (std::int64_t i = 0; i + 1 < 60; ++i) {
    for (std::int64_t t = 0; t < 7; ++t) EXPECT_EQ(data.x[i * 8 + t + 1], data.x[(i + 1) * 8 + t]);
    if (i + 3 < 60) {
      EXPECT_EQ(data.y[i], data.x[(i + 3) * 8 + 7]);
    }
  }
  // A sine of period 12: x(t + 1) + x(t - 1) = 2 cos(2 pi / 12) x(t), and x(t + 6) = -x(t).
  for (std::int64_t t = 1; t < 7; ++t) {
    EXPECT_NEAR(data.x[t - 1] + data.x[t + 1], 2 * std::cos(M_PI / 6) * data.x[t], 1e-5);
  }
  EXPECT_NEAR(data.x[0], -data.x[6], 1e-5);
}

TEST(Sine, SayingZeroHasTheDocumentedError) {
  const Dataset data = load_data("sine:samples=5000,noise=0.3");
  double error = 0;
  for (const float y : data.y.values()) error += y * y / 5000.0;
  EXPECT_NEAR(error, 0.5 + 0.09, 0.03);
}

}  // namespace
}  // namespace evenflow::sources
