#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

// Theory, section 8.3: plain batch normalization with ReLU grows by 0.083 decades per layer.
TEST(RemoveNormalization, CuresThePlainNormalizedNetwork) {
  TestCase sick = deep_case(40, "relu", "glorot_uniform", 64);
  sick.recipe = sick.treated("batch_normalization");
  EXPECT_GT(flow(sick.recipe), 2.5);
  const Recipe cured = sick.treated("remove_normalization");
  EXPECT_NEAR(flow(cured), -0.15, 0.4);
  for (const Layer& layer : cured.model.layers) EXPECT_NE(layer.type, "BatchNormalization");
}

TEST(RemoveNormalization, RefusesWithoutNormalization) {
  EXPECT_TRUE(says(deep_case(4, "relu", "he_uniform", 8).refusal("remove_normalization"), "no hidden layer"));
}

}  // namespace
}  // namespace evenflow
