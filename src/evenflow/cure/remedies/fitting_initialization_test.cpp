#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

// Theory, section 8.3: N(0, 0.05) and N(0, 1) with ReLU, -11.56 and +26.17 decades over 30 layers.
TEST(FittingInitialization, CuresSmallAndLargeWeights) {
  for (const double deviation : {0.05, 1.0}) {
    TestCase sick = deep_case(30, "relu", "he_normal");
    for (Layer& layer : sick.recipe.model.layers) {
      if (layer.type != "Dense") continue;
      layer.config["kernel_initializer"] = {{"class_name", "RandomNormal"}, {"config", {{"stddev", deviation}}}};
    }
    EXPECT_NEAR(flow(sick.recipe), deviation == 1.0 ? 26.17 : -11.56, 0.3);
    const Recipe cured = sick.treated("fitting_initialization");
    // The last layer is the output, which is not touched: one step of the 29 keeps its old gain.
    const double output_step = 0.5 * std::log10(128 * deviation * deviation / 2);
    EXPECT_NEAR(flow(cured), output_step, 0.3);
  }
}

TEST(FittingInitialization, FitsEachLayersOwnActivation) {
  const TestCase sick(
      sequential({Input{{8}}, Dense{.units = 8, .activation = "relu"}, Dense{.units = 8, .activation = "selu"},
                  Dense{.units = 8, .activation = "tanh"}, Dense{2}}));
  const Recipe cured = sick.treated("fitting_initialization");
  EXPECT_EQ(cured.model.layers[1].config["kernel_initializer"], "he_normal");
  EXPECT_EQ(cured.model.layers[2].config, sick.recipe.model.layers[2].config);  // Glorot is LeCun at equal widths
  EXPECT_NEAR(cured.model.layers[3].config["kernel_initializer"]["config"]["scale"].get<double>(), 1.760955, 1e-9);
  EXPECT_NEAR(cured.model.layers[3].config["bias_initializer"]["config"]["stddev"].get<double>(), std::sqrt(0.05),
              1e-9);
}

TEST(FittingInitialization, RefusesWhatFitsAndWhatCannotFit) {
  EXPECT_TRUE(says(deep_case(4, "relu", "he_uniform", 8).refusal("fitting_initialization"), "fit the activations"));
  EXPECT_TRUE(says(deep_case(4, "sigmoid", "he_uniform", 8).refusal("fitting_initialization"), "sigmoid"));
}

}  // namespace
}  // namespace evenflow
