#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

// Theory, section 8.2: -0.82 for inputs of variance 1 at its tanh; here the first pre-activations are half as large.
TEST(CentredSigmoid, CuresTheDeepSigmoidNetwork) {
  const TestCase sick = deep_case(30, "sigmoid", "glorot_uniform");
  const Recipe cured = sick.treated("centred_sigmoid");
  EXPECT_NEAR(flow(cured), -0.6, 0.25);
  EXPECT_EQ(cured.model.find("dense")->config["activation"], "sigmoid");
  EXPECT_TRUE(cured.model.sequential);
}

TEST(CentredSigmoid, RefusesWithoutSigmoids) {
  EXPECT_TRUE(says(deep_case(4, "relu", "he_normal", 8).refusal("centred_sigmoid"), "no hidden layer is a sigmoid"));
}

}  // namespace
}  // namespace evenflow
