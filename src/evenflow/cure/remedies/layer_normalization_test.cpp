#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

// Theory, section 2.6: ReLU -0.14, tanh +0.88 over 30 layers, whatever the weights.
TEST(LayerNormalizationRemedy, KeepsTheGradient) {
  EXPECT_NEAR(flow(deep_case(30, "relu", "glorot_uniform").treated("layer_normalization")), -0.14, 0.35);
  EXPECT_NEAR(flow(deep_case(30, "tanh", "he_normal").treated("layer_normalization")), 0.88, 0.35);
}

TEST(LayerNormalizationRemedy, RefusesSigmoid) {
  EXPECT_TRUE(says(deep_case(4, "sigmoid", "he_uniform", 8).refusal("layer_normalization"), "does not rescue"));
}

}  // namespace
}  // namespace evenflow
