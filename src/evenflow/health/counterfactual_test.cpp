#include "evenflow/health/counterfactual.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "evenflow/base/threads.h"

namespace evenflow {
namespace {

Json normal(double deviation) {
  return {{"class_name", "RandomNormal"}, {"config", {{"stddev", deviation}}}};
}

SavedModel deep(const std::string& activation, const Json& kernels, bool normalized = false, int layers = 12) {
  std::vector<Layer> list{Input{{64}}};
  for (int l = 1; l < layers; ++l) {
    list.push_back(layer("Dense", {{"units", 64}, {"kernel_initializer", kernels}}));
    if (normalized) list.push_back(BatchNormalization{});
    list.push_back(Activation{activation});
  }
  list.push_back(layer("Dense", {{"units", 64}, {"kernel_initializer", kernels}}));
  SavedModel saved;
  saved.model = sequential(list);
  saved.weights = initialize(saved.model, 3);
  return saved;
}

class Counterfactual : public testing::Test {
 protected:
  Counterfactual() { set_threads(1); }

  std::vector<Finding::Cause> causes(const SavedModel& model, const Dataset* data = nullptr) {
    const ProbeOptions options{.data = data, .batch_size = 64, .batches = 1, .seed = 5};
    trace = probe(model, options);
    return counterfactual(model, options, trace);
  }
  static double of(const std::vector<Finding::Cause>& causes, const std::string& factor) {
    const auto found =
        std::find_if(causes.begin(), causes.end(), [&](const Finding::Cause& cause) { return cause.factor == factor; });
    return found == causes.end() ? NAN : found->decades;
  }
  double sum(const std::vector<Finding::Cause>& causes) const {
    double result = 0;
    for (const Finding::Cause& cause : causes) result += cause.decades;
    return result;
  }

  Trace trace;
};

TEST_F(Counterfactual, PartsAddUpToTheWhole) {
  for (const bool normalized : {false, true}) {
    const std::vector<Finding::Cause> parts = causes(deep("sigmoid", normal(0.3), normalized));
    ASSERT_GE(parts.size(), 3u);
    EXPECT_NEAR(sum(parts), trace.total_decades.mean, 1e-6);
    EXPECT_EQ(std::isnan(of(parts, "the normalization")), !normalized);
  }
}

TEST_F(Counterfactual, SharesTheBlameWhereEitherChangeCures) {
  // Sigmoid with gain 1 loses size; linear with gain 1 does not, nor does sigmoid with the gain that fits it.
  const std::vector<Finding::Cause> parts = causes(deep("sigmoid", "lecun_normal"));
  const double whole = trace.total_decades.mean;
  EXPECT_LT(whole, -5);
  EXPECT_NEAR(of(parts, "the activations") / whole, 0.5, 0.15);
  EXPECT_NEAR(of(parts, "the weights' scale") / whole, 0.5, 0.15);
  EXPECT_NEAR(of(parts, "what is left"), 0, 0.5);
}

TEST_F(Counterfactual, BlamesTheWeightsOfALinearNetworkAlone) {
  // Gain 64 * 0.05^2 = 0.16: half its logarithm in each of 11 layers.
  const std::vector<Finding::Cause> parts = causes(deep("linear", normal(0.05)));
  EXPECT_TRUE(std::isnan(of(parts, "the activations")));
  EXPECT_NEAR(of(parts, "the weights' scale"), 11 * 0.5 * std::log10(0.16), 0.2);
}

TEST_F(Counterfactual, BlamesTheInputsThatSaturate) {
  Dataset data;
  data.name = "large";
  data.x = Tensor({64, 64});
  for (std::int64_t i = 0; i < data.x.count(); ++i) data.x[i] = 1000.0f * static_cast<float>(std::sin(0.7 * double(i)));
  const std::vector<Finding::Cause> parts = causes(deep("tanh", "lecun_normal", false, 4), &data);
  EXPECT_LT(of(parts, "the inputs' scale"), -0.3);
  EXPECT_NEAR(sum(parts), trace.total_decades.mean, 1e-6);
}

TEST_F(Counterfactual, IsSilentWhereTheGradientIsNotMeasuredToTheEnd) {
  EXPECT_TRUE(causes(deep("relu", normal(0))).empty());
}

TEST_F(Counterfactual, ExplainsOnlyFindingsAboutDepth) {
  const SavedModel model = deep("sigmoid", "lecun_normal");
  const ProbeOptions options{.batch_size = 64, .batches = 1};
  const Trace measured = probe(model, options);
  std::vector<Finding> findings = {{.rule = "labels"}, {.rule = "vanishing-gradient"}};
  add_counterfactuals(model, options, measured, findings);
  EXPECT_TRUE(findings[0].experiment.empty());
  EXPECT_FALSE(findings[1].experiment.empty());
}

}  // namespace
}  // namespace evenflow
