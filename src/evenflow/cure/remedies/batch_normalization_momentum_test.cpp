#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

TEST(BatchNormalizationMomentum, SettlesWithinATenthOfTheTraining) {
  TestCase sick(sequential({Input{{8}}, Dense{8}, BatchNormalization{}, Dense{2}}));
  sick.steps = 200;
  EXPECT_NEAR(sick.treated("batch_normalization_momentum").model.layers[2].config["momentum"].get<double>(), 0.95,
              1e-12);
  sick.steps = 100000;
  EXPECT_TRUE(says(sick.refusal("batch_normalization_momentum"), "100000 steps"));
}

}  // namespace
}  // namespace evenflow
