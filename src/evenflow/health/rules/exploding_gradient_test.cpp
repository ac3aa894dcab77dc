#include <gtest/gtest.h>

#include "evenflow/health/rule.h"
#include "evenflow/health/traces_test.h"

namespace evenflow::rules {
extern const Rule exploding_gradient;

namespace {

using traces::dense_chain;
using traces::even_chain;
using traces::number;
using traces::with_adam;

Verdict check(const Trace& trace) {
  return exploding_gradient.check(trace);
}

const Finding* finding(const Verdict& verdict) {
  return std::get_if<Finding>(&verdict);
}

TEST(ExplodingGradient, DeepReluWithLargeWeightsIsAnError) {
  const Verdict verdict = check(even_chain(30, 26.17));
  const Finding* found = finding(verdict);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->severity, Severity::error);
  EXPECT_NE(found->message.find("0.90 decades per layer"), std::string::npos) << found->message;
  EXPECT_EQ(found->cause.front().factor, "the weights' gain");
  EXPECT_NEAR(number(*found, "total_decades")->value, 26.17, 1e-9);
  double sum = 0;
  for (const Finding::Cause& cause : found->cause) sum += cause.decades;
  EXPECT_NEAR(sum, 26.17, 1e-9);
  EXPECT_NE(found->advice.front().find("gain 1.41"), std::string::npos) << found->advice.front();
}

TEST(ExplodingGradient, Borderline) {
  EXPECT_EQ(finding(check(even_chain(30, 0.99))), nullptr);
  EXPECT_EQ(finding(check(even_chain(30, -18))), nullptr);
  const Verdict tame = check(even_chain(30, 1.5));
  ASSERT_NE(finding(tame), nullptr);
  EXPECT_EQ(finding(tame)->severity, Severity::info) << "updates of 3 % of the weights at most";
  const Verdict large = check(even_chain(30, 2.9));
  EXPECT_EQ(finding(large)->severity, Severity::warning);
  const Verdict strong = check(even_chain(30, 3.1));
  EXPECT_EQ(finding(strong)->severity, Severity::error);
  EXPECT_NE(finding(strong)->message.find("destroys"), std::string::npos) << finding(strong)->message;
}

TEST(ExplodingGradient, NoiseAndShallowNetworksAreNoFinding) {
  Trace narrow = even_chain(30, 2);
  narrow.expected_deviation = 0.7;
  EXPECT_EQ(finding(check(narrow)), nullptr);
  EXPECT_EQ(finding(check(even_chain(3, 2.5))), nullptr);
  EXPECT_EQ(finding(check(even_chain(1, 0))), nullptr);
  EXPECT_EQ(finding(check(Trace{})), nullptr);
}

TEST(ExplodingGradient, AdamTamesIt) {
  const Verdict verdict = check(with_adam(even_chain(30, 8)));
  ASSERT_NE(finding(verdict), nullptr);
  EXPECT_EQ(finding(verdict)->severity, Severity::warning);
  EXPECT_EQ(finding(check(with_adam(even_chain(30, 8), 0.5)))->severity, Severity::error)
      << "half the weights per step";
}

TEST(ExplodingGradient, BeyondFloat32) {
  const Verdict verdict = check(with_adam(even_chain(50, 40)));
  EXPECT_EQ(finding(verdict)->severity, Severity::error);
  EXPECT_NE(finding(verdict)->message.find("float32"), std::string::npos);
}

TEST(ExplodingGradient, NonFiniteNumbersAreAnErrorThatNamesTheFirstLayer) {
  Trace trace = even_chain(50, 30);
  for (std::size_t i = 43; i <= 50; ++i) {
    trace.layers[i].non_finite = 100;
    trace.layers[i].pre_activation_norm.reset();
  }
  const Verdict verdict = check(trace);
  ASSERT_NE(finding(verdict), nullptr);
  EXPECT_EQ(finding(verdict)->severity, Severity::error);
  EXPECT_EQ(finding(verdict)->layers.front(), "dense_43");
  EXPECT_EQ(number(*finding(verdict), "non_finite")->value, 800);
  EXPECT_NE(finding(verdict)->message.find("first in dense_43"), std::string::npos) << finding(verdict)->message;
  EXPECT_NE(finding(verdict)->message.find("42 layers"), std::string::npos) << finding(verdict)->message;
}

TEST(ExplodingGradient, NonFiniteInTheOnlyLayer) {
  Trace trace = even_chain(1, 0);
  trace.layers[1].non_finite = 3;
  trace.layers[1].pre_activation_norm.reset();
  const Verdict verdict = check(trace);
  ASSERT_NE(finding(verdict), nullptr);
  EXPECT_FALSE(finding(verdict)->advice.empty());
}

TEST(ExplodingGradient, ABulgeInTheMiddleCounts) {
  EXPECT_NE(finding(check(dense_chain({0, 0, 5, 5, 5, 0, 0, 0}))), nullptr);
}

TEST(ExplodingGradient, BatchNormalizationIsNamedAsTheCause) {
  Trace trace = even_chain(4, 0);
  trace.layers.insert(trace.layers.begin() + 3, LayerTrace{.name = "bn", .type = "BatchNormalization", .units = 64});
  trace.chain = {0, 1, 2, 3, 4, 5};
  trace.path = {1, 2, 4, 5};
  trace.layers[3].weight_decades = 8.0;
  trace.layers[1].pre_activation_norm = 8.0;
  trace.total_decades.mean = 8;
  trace.decades_per_layer.mean = 8.0 / 3;
  const Verdict verdict = check(trace);
  ASSERT_NE(finding(verdict), nullptr);
  EXPECT_EQ(finding(verdict)->cause.front().factor, "batch_normalization's gain");
  EXPECT_NE(finding(verdict)->advice.front().find("residual"), std::string::npos);
}

}  // namespace
}  // namespace evenflow::rules
