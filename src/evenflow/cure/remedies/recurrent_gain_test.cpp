#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

TestCase recurrent(const std::string& activation, const std::string& initializer) {
  TestCase sick = deep_case(3, "relu", "he_normal", 8);
  sick.recipe.model = sequential(
      {Input{{20, 3}},
       layer("SimpleRNN", {{"units", 5}, {"activation", activation}, {"recurrent_initializer", initializer}}),
       Dense{2}});
  sick.recipe.model.compile = CompileSettings{.loss = {"mean_squared_error"}};
  return sick;
}

TEST(RecurrentGain, FitsTheActivation) {
  const Recipe tanh = recurrent("tanh", "glorot_uniform").treated("recurrent_gain");
  EXPECT_EQ(tanh.model.layers[1].config["recurrent_initializer"]["config"]["gain"], 1.5);
  const Recipe relu = recurrent("relu", "glorot_uniform").treated("recurrent_gain");
  EXPECT_EQ(relu.model.layers[1].config["recurrent_initializer"]["class_name"], "Identity");
}

TEST(RecurrentGain, RefusesOtherActivationsAndWhatIsSoAlready) {
  EXPECT_TRUE(says(recurrent("sigmoid", "orthogonal").refusal("recurrent_gain"), "no SimpleRNN"));
  TestCase cured = recurrent("tanh", "orthogonal");
  cured.recipe = cured.treated("recurrent_gain");
  EXPECT_TRUE(says(cured.refusal("recurrent_gain"), "no SimpleRNN"));
}

}  // namespace
}  // namespace evenflow
