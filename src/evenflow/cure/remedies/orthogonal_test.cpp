#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

// Orthogonal weights fluctuate less than Gaussian ones: theory, section 1.12.
TEST(OrthogonalRemedy, KeepsTheGradientThroughRelu) {
  const TestCase sick = deep_case(30, "relu", "glorot_uniform");
  EXPECT_LT(flow(sick.recipe), -4);
  EXPECT_NEAR(flow(sick.treated("orthogonal")), -0.15, 0.2);  // the output layer keeps Glorot: half of 0.3
}

TEST(OrthogonalRemedy, GainMakesUpForExpansion) {
  const TestCase sick(sequential({Input{{4}}, Dense{.units = 16, .activation = "relu"}, Dense{2}}));
  const Recipe cured = sick.treated("orthogonal");
  EXPECT_NEAR(cured.model.layers[1].config["kernel_initializer"]["config"]["gain"].get<double>(), std::sqrt(2.0 * 4),
              1e-9);
}

TEST(OrthogonalRemedy, RefusesSigmoid) {
  EXPECT_TRUE(says(deep_case(4, "sigmoid", "he_uniform", 8).refusal("orthogonal"), "gain"));
}

}  // namespace
}  // namespace evenflow
