#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

TEST(EpsilonRemedy, IsLargerForAdam) {
  TestCase sick = deep_case(3, "relu", "he_normal", 8);
  sick.recipe.model.compile->optimizer = Adam{};
  EXPECT_EQ(sick.treated("epsilon").model.compile->optimizer.config["epsilon"], 1e-4);
}

TEST(EpsilonRemedy, RefusesSgdAndLargeEpsilon) {
  TestCase sick = deep_case(3, "relu", "he_normal", 8);
  EXPECT_TRUE(says(sick.refusal("epsilon"), "no epsilon"));
  sick.recipe.model.compile->optimizer = Adam{.epsilon = 1e-3};
  EXPECT_TRUE(says(sick.refusal("epsilon"), "already"));
}

}  // namespace
}  // namespace evenflow
