#include <algorithm>

#include "evenflow/data/test_files.h"

namespace evenflow::sources {
namespace {

using testing::values;

TEST(Copy, TheSymbolsComeBackBehindTheDelimiter) {
  const Dataset data = load_data("copy:T=3,samples=500");
  ASSERT_EQ(data.x.shape(), Shape({500, 23}));
  ASSERT_EQ(data.y.shape(), Shape({500, 23}));
  EXPECT_EQ(data.vocabulary.size(), 10u);
  for (std::int64_t i = 0; i < 500; ++i) {
    const std::vector<float> x = values(data.x.rows(i, i + 1));
    const std::vector<float> y = values(data.y.rows(i, i + 1));
    const std::vector<float> rest(x.begin() + 10, x.end());
    EXPECT_EQ(rest, (std::vector<float>{8, 8, 9, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8}));
    EXPECT_EQ(std::count(y.begin(), y.begin() + 13, 8.0f), 13);
    EXPECT_TRUE(std::equal(x.begin(), x.begin() + 10, y.begin() + 13, y.end()));
  }
  // 5,000 symbols out of eight: 5 standard errors.
  for (int symbol = 0; symbol < 8; ++symbol) {
    const auto count = std::ranges::count(data.x.values(), static_cast<float>(symbol));
    EXPECT_NEAR(static_cast<double>(count), 625, 117);
  }
}

}  // namespace
}  // namespace evenflow::sources
