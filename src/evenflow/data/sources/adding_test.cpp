#include "evenflow/data/test_files.h"

namespace evenflow::sources {
namespace {

TEST(Adding, TheTargetIsTheSumOfTheTwoMarkedNumbers) {
  constexpr std::int64_t kSteps = 11;
  const Dataset data = load_data("adding:T=11,samples=2000");
  ASSERT_EQ(data.x.shape(), Shape({2000, kSteps, 2}));
  ASSERT_EQ(data.y.shape(), Shape({2000}));
  std::array<int, kSteps> marks{};
  for (std::int64_t i = 0; i < 2000; ++i) {
    float sum = 0;
    int in_first_half = 0;
    int in_second_half = 0;
    for (std::int64_t t = 0; t < kSteps; ++t) {
      const float* x = data.x.data() + (i * kSteps + t) * 2;
      EXPECT_TRUE(x[0] >= 0 && x[0] <= 1 && (x[1] == 0 || x[1] == 1));
      if (x[1] == 0) continue;
      sum += x[0];
      ++marks[static_cast<std::size_t>(t)];
      ++(t < kSteps / 2 ? in_first_half : in_second_half);
    }
    EXPECT_EQ(data.y[i], sum);
    EXPECT_TRUE(in_first_half == 1 && in_second_half == 1) << i;
  }
  // 5 places in the first half, 6 in the second, equally often: 5 standard errors of a binomial count.
  for (std::int64_t t = 0; t < kSteps; ++t) EXPECT_NEAR(marks[static_cast<std::size_t>(t)], t < 5 ? 400 : 333, 90) << t;
}

TEST(Adding, SayingOneHasTheDocumentedError) {
  const Dataset data = load_data("adding:T=2");
  double error = 0;
  for (const float y : data.y.values()) error += (y - 1.0) * (y - 1.0) / static_cast<double>(data.samples());
  EXPECT_NEAR(error, 1.0 / 6, 0.01);
}

}  // namespace
}  // namespace evenflow::sources
