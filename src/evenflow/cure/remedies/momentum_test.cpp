#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

TEST(MomentumRemedy, SetsNesterovMomentum) {
  const TestCase sick = deep_case(3, "relu", "he_normal", 8);
  const Json config = sick.treated("momentum").model.compile->optimizer.config;
  EXPECT_EQ(config["momentum"], 0.9);
  EXPECT_EQ(config["nesterov"], true);
}

TEST(MomentumRemedy, RefusesMomentumAndAdam) {
  TestCase sick = deep_case(3, "relu", "he_normal", 8);
  sick.recipe.model.compile->optimizer = SGD{.momentum = 0.5};
  EXPECT_TRUE(says(sick.refusal("momentum"), "already"));
  sick.recipe.model.compile->optimizer = Adam{};
  EXPECT_TRUE(says(sick.refusal("momentum"), "Adam"));
}

}  // namespace
}  // namespace evenflow
