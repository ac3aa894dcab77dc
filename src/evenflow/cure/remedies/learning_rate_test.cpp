#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

TEST(LearningRateRemedy, TakesATenthOfTheUnstableRate) {
  TestCase sick = deep_case(3, "relu", "he_normal", 8);
  sick.course.unstable_rate = 2.04;
  EXPECT_EQ(sick.treated("learning_rate").model.compile->optimizer.config["learning_rate"], 0.2);
}

TEST(LearningRateRemedy, RefusesWithoutALimitAndNearIt) {
  TestCase sick = deep_case(3, "relu", "he_normal", 8);
  EXPECT_TRUE(says(sick.refusal("learning_rate"), "no learning rate of the sweep"));
  sick.course.unstable_rate = 0.2;  // suggests 0.02, and 0.01 is present
  EXPECT_TRUE(says(sick.refusal("learning_rate"), "is near"));
}

}  // namespace
}  // namespace evenflow
