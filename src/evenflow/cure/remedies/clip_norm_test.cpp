#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

TEST(ClipNorm, SharesTheNormOverTheLayers) {
  TestCase sick = deep_case(3, "relu", "he_normal", 8);
  sick.trace.path = {1, 2, 3, 4};
  sick.recipe.model.compile->optimizer.config["clipvalue"] = 5.0;
  const Json config = sick.treated("clip_norm").model.compile->optimizer.config;
  EXPECT_EQ(config["clipnorm"], 0.7);
  EXPECT_TRUE(config["clipvalue"].is_null());  // Keras takes one of the three
}

TEST(ClipNorm, RefusesWhatIsTightAlready) {
  TestCase sick = deep_case(3, "relu", "he_normal", 8);
  sick.recipe.model.compile->optimizer.config["clipnorm"] = 0.1;
  EXPECT_TRUE(says(sick.refusal("clip_norm"), "tight already"));
}

}  // namespace
}  // namespace evenflow
