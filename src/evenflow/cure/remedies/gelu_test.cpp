#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

// Theory, section 8.2: the 30-layer sigmoid network with Glorot's weights, -18.24 decades.
TEST(GeluRemedy, CuresTheDeepSigmoidNetwork) {
  const TestCase sick = deep_case(30, "sigmoid", "glorot_uniform");
  EXPECT_NEAR(flow(sick.recipe), -18.24, 0.15);
  const Recipe cured = sick.treated("gelu");
  EXPECT_NEAR(flow(cured), -0.18, 0.45);
  EXPECT_EQ(cured.model.layers.size(), sick.recipe.model.layers.size());
  EXPECT_EQ(cured.model.layers.back(), sick.recipe.model.layers.back());  // the output is the user's
}

TEST(GeluRemedy, RefusesWhereThereIsNothingToChange) {
  EXPECT_TRUE(says(deep_case(4, "gelu", "he_normal", 8).refusal("gelu"), "no hidden layer"));
}

TEST(GeluRemedy, LeavesProtectedLayersAlone) {
  TestCase sick = deep_case(4, "sigmoid", "glorot_uniform", 8);
  sick.keep = {"dense_1"};
  const Recipe cured = sick.treated("gelu");
  EXPECT_EQ(*cured.model.find("dense_1"), *sick.recipe.model.find("dense_1"));
  EXPECT_NE(*cured.model.find("dense"), *sick.recipe.model.find("dense"));
}

}  // namespace
}  // namespace evenflow
