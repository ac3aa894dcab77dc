#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

TEST(GRURemedy, TakesThePlaceOfSimpleCells) {
  TestCase sick = deep_case(3, "relu", "he_normal", 8);
  sick.recipe.model =
      sequential({Input{{20, 3}}, layer("SimpleRNN", {{"units", 5}, {"activation", "relu"}}), Dense{2}});
  sick.recipe.model.compile = CompileSettings{.loss = {"mean_squared_error"}};
  const Layer cell = sick.treated("gru").model.layers[1];
  EXPECT_EQ(cell.type, "GRU");
  EXPECT_EQ(cell.config["units"], 5);
  EXPECT_EQ(cell.config["activation"], "tanh");
}

TEST(GRURemedy, RefusesWithoutSimpleCells) {
  EXPECT_TRUE(says(deep_case(3, "relu", "he_normal", 8).refusal("gru"), "no SimpleRNN"));
}

}  // namespace
}  // namespace evenflow
