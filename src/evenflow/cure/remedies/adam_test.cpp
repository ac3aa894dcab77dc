#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

TEST(AdamRemedy, KeepsTheClipping) {
  TestCase sick = deep_case(3, "relu", "he_normal", 8);
  sick.recipe.model.compile->optimizer = SGD{.clipnorm = 1.0};
  const Item optimizer = sick.treated("adam").model.compile->optimizer;
  EXPECT_EQ(optimizer.type, "Adam");
  EXPECT_EQ(optimizer.config["clipnorm"], 1.0);
  EXPECT_EQ(optimizer.config["learning_rate"], 0.001);
}

TEST(AdamRemedy, RefusesAdam) {
  TestCase sick = deep_case(3, "relu", "he_normal", 8);
  sick.recipe.model.compile->optimizer = AdamW{};
  EXPECT_TRUE(says(sick.refusal("adam"), "AdamW already"));
}

}  // namespace
}  // namespace evenflow
