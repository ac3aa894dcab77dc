#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

TEST(ForgetBias, IsSetWhereItIsMissing) {
  TestCase sick = deep_case(3, "relu", "he_normal", 8);
  sick.recipe.model =
      sequential({Input{{20, 3}}, layer("LSTM", {{"units", 5}, {"unit_forget_bias", false}}), Dense{2}});
  sick.recipe.model.compile = CompileSettings{.loss = {"mean_squared_error"}};
  TestCase cured = sick;
  cured.recipe = sick.treated("forget_bias");
  EXPECT_EQ(cured.recipe.model.layers[1].config["unit_forget_bias"], true);
  EXPECT_TRUE(says(cured.refusal("forget_bias"), "no LSTM"));
}

}  // namespace
}  // namespace evenflow
