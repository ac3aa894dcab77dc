#include "evenflow/cure/remedies/case_test.h"

namespace evenflow {
namespace {

TEST(InputScaling, NormalizesEachFeature) {
  TestCase sick(sequential({Input{{2}}, Dense{.units = 8, .activation = "relu"}, Dense{1}}), "circles");
  for (std::int64_t i = 0; i < sick.data.x.count(); i += 2) sick.data.x[i] = 1000 + 50 * sick.data.x[i];
  const Recipe cured = sick.treated("input_scaling");
  ASSERT_EQ(cured.model.layers[1].type, "Normalization");
  const Tensor scaled = Network(sequential({Input{{2}}, cured.model.layers[1]})).predict(sick.data.x);
  double mean = 0;
  double square = 0;
  for (std::int64_t i = 0; i < scaled.count(); i += 2) {
    mean += static_cast<double>(scaled[i]) / static_cast<double>(scaled.count() / 2);
    square += static_cast<double>(scaled[i] * scaled[i]) / static_cast<double>(scaled.count() / 2);
  }
  EXPECT_NEAR(mean, 0, 1e-3);
  EXPECT_NEAR(square, 1, 1e-3);
}

TEST(InputScaling, RefusesScaledInputs) {
  const TestCase standard(sequential({Input{{4}}, Dense{1}}), "gaussian:features=4,samples=2000");
  EXPECT_TRUE(says(standard.refusal("input_scaling"), "already"));
  TestCase rescaled(sequential({Input{{2}}, layer("Rescaling", {{"scale", 0.1}}), Dense{1}}), "circles");
  for (float& value : rescaled.data.x.values()) value *= 100;
  EXPECT_TRUE(says(rescaled.refusal("input_scaling"), "scales the inputs already"));
}

}  // namespace
}  // namespace evenflow
