#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

Model classifier(const std::string& activation, const std::string& loss, std::int64_t units) {
  Model model = sequential(
      {Input{{2}}, Dense{.units = 8, .activation = "relu"}, Dense{.units = units, .activation = activation}});
  model.compile = CompileSettings{.optimizer = SGD{}, .loss = {loss}};
  return model;
}

TEST(LossRemedy, CrossEntropyForClasses) {
  const TestCase sick(classifier("softmax", "mean_squared_error", 3), "blobs:centers=3");
  EXPECT_EQ(sick.treated("loss").model.compile->loss.type, "categorical_crossentropy");
  const TestCase binary(classifier("sigmoid", "mean_squared_error", 1), "circles");
  EXPECT_EQ(binary.treated("loss").model.compile->loss.type, "binary_crossentropy");
}

TEST(LossRemedy, RefusesWhatFits) {
  EXPECT_TRUE(says(TestCase(classifier("sigmoid", "binary_crossentropy", 1), "circles").refusal("loss"), "fits"));
}

}  // namespace
}  // namespace evenflow
