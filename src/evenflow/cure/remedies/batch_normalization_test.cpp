#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

// Theory, section 8.2: sigmoid -18.24 -> -0.31.
TEST(BatchNormalizationRemedy, CuresTheDeepSigmoidNetwork) {
  const TestCase sick = deep_case(30, "sigmoid", "glorot_uniform");
  const Recipe cured = sick.treated("batch_normalization");
  EXPECT_NEAR(flow(cured), -0.31, 0.5);
  EXPECT_TRUE(cured.model.sequential);
  EXPECT_EQ(cured.model.layers[1].config["activation"], "linear");
  EXPECT_EQ(cured.model.layers[2].type, "BatchNormalization");
  EXPECT_EQ(cured.model.layers[3].config["activation"], "sigmoid");
}

TEST(BatchNormalizationRemedy, RefusesSmallBatchesAndNormalizedLayers) {
  TestCase sick = deep_case(4, "sigmoid", "he_uniform", 8);
  TestCase normalized = sick;
  normalized.recipe = sick.treated("batch_normalization");
  EXPECT_TRUE(says(normalized.refusal("batch_normalization"), "already"));
  sick.recipe.batch_size = 4;
  EXPECT_TRUE(says(sick.refusal("batch_normalization"), "too small"));
}

}  // namespace
}  // namespace evenflow
