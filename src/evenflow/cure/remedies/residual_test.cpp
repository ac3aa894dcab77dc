#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

// Theory, section 8.2: pre-activation residual with 1/sqrt(L), +0.21.
TEST(ResidualRemedy, GivesTheGradientAWayBack) {
  const TestCase sick = deep_case(30, "relu", "glorot_uniform");
  EXPECT_LT(flow(sick.recipe), -4);
  const Recipe cured = sick.treated("residual");
  EXPECT_NEAR(flow(cured), 0.1, 0.35);
  EXPECT_FALSE(cured.model.sequential);
}

TEST(ResidualRemedy, RefusesWhereWidthsDiffer) {
  const TestCase sick(
      sequential({Input{{8}}, Dense{.units = 8, .activation = "relu"}, Dense{.units = 6, .activation = "relu"},
                  Dense{.units = 4, .activation = "relu"}, Dense{2}}));
  EXPECT_TRUE(says(sick.refusal("residual"), "one width"));
}

TEST(ResidualRemedy, ConvolutionsOfOneShape) {
  const Conv2D conv{.filters = 4, .kernel_size = {3, 3}, .padding = "same", .activation = "relu"};
  const TestCase sick(sequential({Input{{6, 6, 3}}, conv, conv, conv, conv, Flatten{}, Dense{2}}), "");
  const Recipe cured = sick.treated("residual");
  EXPECT_EQ(std::count_if(cured.model.layers.begin(), cured.model.layers.end(),
                          [](const Layer& layer) { return layer.type == "Add"; }),
            3);
}

}  // namespace
}  // namespace evenflow
