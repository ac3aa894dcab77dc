#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

TEST(ClipGlobalNorm, TakesTheMedianNorm) {
  const TestCase sick = deep_case(3, "relu", "he_normal", 8);
  EXPECT_EQ(sick.treated("clip_global_norm").model.compile->optimizer.config["global_clipnorm"], 1.4);
}

TEST(ClipGlobalNorm, RefusesWhatIsNotFiniteOrTightAlready) {
  TestCase sick = deep_case(3, "relu", "he_normal", 8);
  sick.recipe.model.compile->optimizer.config["global_clipnorm"] = 1.0;
  EXPECT_TRUE(says(sick.refusal("clip_global_norm"), "tight already"));
  sick.course.global_norms.clear();
  EXPECT_TRUE(says(sick.refusal("clip_global_norm"), "not finite already"));
}

}  // namespace
}  // namespace evenflow
