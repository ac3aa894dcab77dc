#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

// Theory, section 8.2: the 30-layer sigmoid network with Glorot's weights, -18.24 decades.
TEST(ReluRemedy, CuresTheDeepSigmoidNetwork) {
  const TestCase sick = deep_case(30, "sigmoid", "glorot_uniform");
  EXPECT_NEAR(flow(sick.recipe), -18.24, 0.15);
  const Recipe cured = sick.treated("relu");
  EXPECT_NEAR(flow(cured), -0.02, 0.25);
  EXPECT_EQ(cured.model.layers.size(), sick.recipe.model.layers.size());
  EXPECT_EQ(cured.model.layers.back(), sick.recipe.model.layers.back());  // the output is the user's
}

TEST(ReluRemedy, RefusesWhereThereIsNothingToChange) {
  EXPECT_TRUE(says(deep_case(4, "relu", "he_normal", 8).refusal("relu"), "no hidden layer"));
}

TEST(ReluRemedy, LeavesProtectedLayersAlone) {
  TestCase sick = deep_case(4, "sigmoid", "glorot_uniform", 8);
  sick.keep = {"dense_1"};
  const Recipe cured = sick.treated("relu");
  EXPECT_EQ(*cured.model.find("dense_1"), *sick.recipe.model.find("dense_1"));
  EXPECT_NE(*cured.model.find("dense"), *sick.recipe.model.find("dense"));
}

TEST(ReluRemedy, ActivationLayersBecomeRelu) {
  const TestCase sick(sequential({Input{{8}}, Dense{8}, BatchNormalization{}, Activation{"tanh"}, Dense{2}}));
  const Recipe cured = sick.treated("relu");
  EXPECT_EQ(cured.model.layers[3].config["activation"], "relu");
  EXPECT_EQ(cured.model.layers[1].config["kernel_initializer"], "he_normal");
  EXPECT_EQ(cured.model.layers[1].config["activation"], "linear");
}

// Theory, section 2.3: with dropout the critical variance is smaller by the keep probability.
TEST(ReluRemedy, CountsDropout) {
  const TestCase sick(sequential({Input{{8}}, Dense{.units = 8, .activation = "tanh"}, Dropout{0.5},
                                  Dense{.units = 8, .activation = "tanh"}, Dense{2}}));
  const Recipe cured = sick.treated("relu");
  EXPECT_EQ(cured.model.layers[1].config["kernel_initializer"], "he_normal");
  EXPECT_EQ(cured.model.layers[3].config["kernel_initializer"], "lecun_normal");
}

TEST(ReluRemedy, RefusesInnerModels) {
  Model outer = sequential({Input{{4}}, Dense{.units = 4, .activation = "sigmoid"}, Dense{2}});
  const Model inner = sequential({Input{{2}}, Dense{2}}, "inner");
  outer.layers.push_back({.type = "Sequential",
                          .name = "inner",
                          .config = {{"model", to_json(inner)}},
                          .inputs = {outer.layers.back().name}});
  outer.outputs = {"inner"};
  EXPECT_TRUE(says(TestCase(outer).refusal("relu"), "inner"));
}

}  // namespace
}  // namespace evenflow
