#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

Model classifier(const std::string& activation, const std::string& loss, std::int64_t units) {
  Model model = sequential(
      {Input{{2}}, Dense{.units = 8, .activation = "relu"}, Dense{.units = units, .activation = activation}});
  model.compile = CompileSettings{.optimizer = SGD{}, .loss = {loss}};
  return model;
}

// The published case of an improper output: relu with categorical cross-entropy.
TEST(OutputActivation, SoftmaxForClasses) {
  const TestCase sick(classifier("relu", "categorical_crossentropy", 3), "blobs:centers=3");
  EXPECT_EQ(sick.treated("output_activation").model.layers.back().config["activation"], "softmax");
}

TEST(OutputActivation, SigmoidForTwoClasses) {
  const TestCase sick(classifier("relu", "binary_crossentropy", 1), "circles");
  EXPECT_EQ(sick.treated("output_activation").model.layers.back().config["activation"], "sigmoid");
}

TEST(OutputActivation, LinearForTargetsOutOfReach) {
  TestCase sick(classifier("sigmoid", "mean_squared_error", 1), "circles");
  for (float& value : sick.data.y.values()) value = 10 * value - 3;
  EXPECT_EQ(sick.treated("output_activation").model.layers.back().config["activation"], "linear");
}

TEST(OutputActivation, RefusesWhatFits) {
  EXPECT_TRUE(says(TestCase(classifier("sigmoid", "binary_crossentropy", 1), "circles").refusal("output_activation"),
                   "sigmoid fits"));
  TestCase kept(classifier("relu", "binary_crossentropy", 1), "circles");
  kept.keep = {"dense_1"};
  EXPECT_TRUE(says(kept.refusal("output_activation"), "is to be kept"));
}

}  // namespace
}  // namespace evenflow
