#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

// Theory, section 8.2 and 3: q = 1 in every layer, ReLU -0.02, tanh +1.03 decades over 30 layers.
TEST(Lsuv, KeepsTheGradient) {
  TestCase relu = deep_case(30, "relu", "glorot_uniform");
  relu.data.x = load_data("gaussian:features=128,samples=64").x;
  EXPECT_NEAR(flow(relu.treated("lsuv")), -0.15, 0.3);  // the output layer keeps Glorot: half of 0.3
  TestCase tanh = deep_case(30, "tanh", "glorot_uniform");
  tanh.data.x = relu.data.x;
  EXPECT_NEAR(flow(tanh.treated("lsuv")), 0.9, 0.3);
}

TEST(Lsuv, RefusesSigmoid) {
  EXPECT_TRUE(says(deep_case(4, "sigmoid", "he_uniform", 8).refusal("lsuv"), "does not rescue sigmoid"));
}

}  // namespace
}  // namespace evenflow
