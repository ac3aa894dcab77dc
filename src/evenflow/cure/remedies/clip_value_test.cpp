#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

TEST(ClipValue, TakesTheMedianOfTheLargestElements) {
  const TestCase sick = deep_case(3, "relu", "he_normal", 8);
  EXPECT_EQ(sick.treated("clip_value").model.compile->optimizer.config["clipvalue"], 0.2);
}

TEST(ClipValue, RefusesWhatIsTightAlready) {
  TestCase sick = deep_case(3, "relu", "he_normal", 8);
  sick.recipe.model.compile->optimizer.config["clipvalue"] = 0.01;
  EXPECT_TRUE(says(sick.refusal("clip_value"), "tight already"));
}

}  // namespace
}  // namespace evenflow
