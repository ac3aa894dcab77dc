#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

// Theory, section 8.2: 0.00, the network begins as an identity between its first and last hidden layer.
TEST(Rezero, BeginsAsAnIdentity) {
  const TestCase sick = deep_case(30, "sigmoid", "glorot_uniform");
  const Recipe cured = sick.treated("rezero");
  const Trace trace = probe({.model = cured.model}, {.batch_size = 64, .batches = 1, .redraws = 3});
  // From the last hidden pre-activation to the first the gradient is the same.
  const auto first = trace.layers[1].pre_activation_norm;
  ASSERT_TRUE(first);
  EXPECT_GT(*first, -2);
}

TEST(Rezero, RefusesShallowNetworks) {
  EXPECT_TRUE(says(deep_case(3, "relu", "he_normal", 8).refusal("rezero"), "no run of three"));
}

}  // namespace
}  // namespace evenflow
