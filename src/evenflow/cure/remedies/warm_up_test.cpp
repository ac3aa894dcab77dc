#include "evenflow/cure/remedies/case_test.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow {
namespace {

TEST(WarmUp, GrowsOverATenthAndFallsAfterwards) {
  const TestCase sick = deep_case(3, "relu", "he_normal", 8);
  const Item optimizer = sick.treated("warm_up").model.compile->optimizer;
  const Item chosen = choose_optimizer(Json{{"class_name", optimizer.type}, {"config", optimizer.config}});
  EXPECT_EQ(learning_rate(chosen, 0), 0);
  EXPECT_NEAR(learning_rate(chosen, 5), 0.005, 1e-9);
  EXPECT_NEAR(learning_rate(chosen, 10), 0.01, 1e-9);
  EXPECT_NEAR(learning_rate(chosen, 100), 0, 1e-9);
}

TEST(WarmUp, RefusesASchedule) {
  TestCase sick = deep_case(3, "relu", "he_normal", 8);
  sick.recipe = sick.treated("warm_up");
  EXPECT_TRUE(says(sick.refusal("warm_up"), "schedule already"));
}

}  // namespace
}  // namespace evenflow
