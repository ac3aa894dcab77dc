#include <gtest/gtest.h>

#include "evenflow/health/rule.h"
#include "evenflow/health/traces_test.h"

namespace evenflow::rules {
extern const Rule vanishing_gradient;

namespace {

using traces::dense_chain;
using traces::even_chain;
using traces::number;
using traces::with_adam;

Verdict check(const Trace& trace) {
  return vanishing_gradient.check(trace);
}

const Finding* finding(const Verdict& verdict) {
  return std::get_if<Finding>(&verdict);
}

std::string reason(const Verdict& verdict) {
  const auto* silence = std::get_if<Silence>(&verdict);
  return silence == nullptr ? "" : silence->reason;
}

TEST(VanishingGradient, DeepSigmoidIsAnError) {
  const Verdict verdict = check(even_chain(30, -18.24, "sigmoid"));
  const Finding* found = finding(verdict);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->severity, Severity::error);
  EXPECT_NEAR(number(*found, "total_decades")->value, -18.24, 1e-9);
  EXPECT_NEAR(number(*found, "decades_per_layer")->value, -0.629, 0.001);
  EXPECT_EQ(number(*found, "layers")->value, 30);
  EXPECT_EQ(number(*found, "starved_layers")->value, found->layers.size());
  EXPECT_EQ(found->layers.front(), "dense_1");
  EXPECT_NE(found->message.find("0.63 decades per layer"), std::string::npos) << found->message;
  EXPECT_NE(found->message.find("do not train"), std::string::npos) << found->message;
  EXPECT_NE(found->advice.front().find("relu with he_normal"), std::string::npos);
}

TEST(VanishingGradient, TheCauseSumsUpToTheTotal) {
  const Trace trace = even_chain(30, -18.24, "sigmoid");
  const Verdict verdict = check(trace);
  double sum = 0;
  for (const Finding::Cause& cause : finding(verdict)->cause) sum += cause.decades;
  EXPECT_NEAR(sum, trace.total_decades.mean, 1e-9);
  EXPECT_EQ(finding(verdict)->cause.front().factor, "the weights' gain");  // slope 0.5 is not what makes 18 decades
}

TEST(VanishingGradient, HealthyIsSilentAndSaysWhy) {
  EXPECT_NE(reason(check(even_chain(30, -0.02))).find("-0.02 decades over 30 layers"), std::string::npos);
  EXPECT_NE(reason(check(even_chain(30, 12.0))), "");  // exploding is another rule's
}

TEST(VanishingGradient, Borderline) {
  EXPECT_EQ(finding(check(even_chain(30, -0.99))), nullptr);
  const Verdict weak = check(even_chain(30, -1.5));
  ASSERT_NE(finding(weak), nullptr);
  EXPECT_EQ(finding(weak)->severity, Severity::warning);
  const Verdict strong = check(even_chain(30, -3.01));
  ASSERT_NE(finding(strong), nullptr);
  EXPECT_EQ(finding(strong)->severity, Severity::error);
  // An optimizer, or weights, that make up for it.
  Trace level = even_chain(30, -3.01);
  for (const std::size_t layer : level.path) level.layers[layer].update_ratio = 1e-3;
  const Verdict trains = check(level);
  ASSERT_NE(finding(trains), nullptr);
  EXPECT_EQ(finding(trains)->severity, Severity::warning);
}

TEST(VanishingGradient, NoiseIsNoFinding) {
  Trace narrow = even_chain(30, -1.5);
  narrow.expected_deviation = 0.6;
  EXPECT_NE(reason(check(narrow)).find("up to 1.8 is healthy"), std::string::npos);
  Trace spread_over_draws = even_chain(30, -1.5);
  spread_over_draws.total_decades.deviation = 0.6;
  EXPECT_EQ(finding(check(spread_over_draws)), nullptr);
}

TEST(VanishingGradient, AConvergedModelIsSilent) {
  EXPECT_EQ(finding(check(even_chain(10, -0.3, "relu", -12))), nullptr);
}

TEST(VanishingGradient, ShallowNetworksNeedMoreThanAWeakLoss) {
  EXPECT_EQ(finding(check(even_chain(3, -1.6, "sigmoid"))), nullptr);
  EXPECT_NE(finding(check(even_chain(3, -5, "sigmoid"))), nullptr);
}

TEST(VanishingGradient, OneLayerAndNone) {
  EXPECT_NE(reason(check(even_chain(1, 0))), "");
  EXPECT_NE(reason(check(Trace{})), "");
}

TEST(VanishingGradient, AdamThatStillMovesEveryLayerMakesItAWarning) {
  const Verdict verdict = check(with_adam(even_chain(30, -5)));
  ASSERT_NE(finding(verdict), nullptr);
  EXPECT_EQ(finding(verdict)->severity, Severity::warning);
  EXPECT_NE(finding(verdict)->message.find("Adam still moves every layer by at least 1e-03"), std::string::npos)
      << finding(verdict)->message;
  const Verdict weak = check(with_adam(even_chain(30, -2)));
  EXPECT_EQ(finding(weak)->severity, Severity::info);
}

TEST(VanishingGradient, AdamDoesNotBringALostSignalBack) {
  Trace trace = with_adam(even_chain(9, -5, "sigmoid"));
  trace.layers[8].variance_fraction = 1e-9;  // the last hidden layer
  const Verdict verdict = check(trace);
  ASSERT_NE(finding(verdict), nullptr);
  EXPECT_EQ(finding(verdict)->severity, Severity::error);
  EXPECT_NE(finding(verdict)->message.find("depends on the input"), std::string::npos) << finding(verdict)->message;
  EXPECT_NEAR(number(*finding(verdict), "signal_left")->value, 1e-9, 1e-15);
}

TEST(VanishingGradient, AdamWhoseEpsilonBitesIsAnError) {
  Trace trace = with_adam(even_chain(30, -12));
  for (std::size_t i = 0; i < 10; ++i) trace.layers[trace.path[i]].update_ratio = 1e-9;
  const Verdict verdict = check(trace);
  EXPECT_EQ(finding(verdict)->severity, Severity::error);
  EXPECT_EQ(finding(verdict)->layers.size(), 10u);
}

TEST(VanishingGradient, LostScaleThatWeightGradientsDoNotShow) {
  Trace trace = even_chain(30, -11.5);
  for (const std::size_t layer : trace.path) {
    trace.layers[layer].weight_gradient_rms = -13;
    trace.layers[layer].update_ratio = 1e-13;
  }
  const Verdict verdict = check(trace);
  ASSERT_NE(finding(verdict), nullptr);
  EXPECT_EQ(finding(verdict)->severity, Severity::error);
  EXPECT_NE(finding(verdict)->message.find("Every weight gradient is below 1e-8"), std::string::npos)
      << finding(verdict)->message;
}

TEST(VanishingGradient, OneSteepLayerIsNamed) {
  const Verdict verdict = check(dense_chain({-4.1, -4.1, -4, -4, -4, 0.1, 0, 0}));
  ASSERT_NE(finding(verdict), nullptr);
  EXPECT_NE(finding(verdict)->message.find("between dense_6 and dense_5"), std::string::npos)
      << finding(verdict)->message;
}

TEST(VanishingGradient, ADipInTheMiddleCounts) {
  EXPECT_NE(finding(check(dense_chain({0, -0.1, -5, -5, -5, 0, 0, 0}))), nullptr);
}

TEST(VanishingGradient, ExactZeroNamesTheBarrier) {
  Trace trace = dense_chain({0, 0, 0, 0, 0, 0});
  for (std::size_t i = 0; i < 3; ++i) trace.layers[trace.path[i]].pre_activation_norm = kZeroNorm;
  trace.layers[trace.path[2]].dead = 1;
  trace.total_decades.mean = kZeroNorm;
  const Verdict verdict = check(trace);
  ASSERT_NE(finding(verdict), nullptr);
  EXPECT_EQ(finding(verdict)->severity, Severity::error);
  EXPECT_EQ(finding(verdict)->layers, (std::vector<std::string>{"dense_1", "dense_2", "dense_3"}));
  EXPECT_EQ(finding(verdict)->cause.front().factor, "dead units in dense_3");
}

TEST(VanishingGradient, NoGradientAtTheOutputCannotBeJudged) {
  Trace trace = even_chain(5, 0);
  for (const std::size_t layer : trace.path) trace.layers[layer].pre_activation_norm = kZeroNorm;
  EXPECT_NE(reason(check(trace)).find("exactly zero"), std::string::npos);
}

TEST(VanishingGradient, DrawsThatDie) {
  Trace trace = even_chain(34, -0.5);
  trace.redraws = 10;
  trace.dead_redraws = 2;
  EXPECT_EQ(finding(check(trace))->severity, Severity::warning);
  trace.dead_redraws = 5;
  const Verdict verdict = check(trace);
  EXPECT_EQ(finding(verdict)->severity, Severity::error);
  EXPECT_NE(finding(verdict)->message.find("5 of 10 draws"), std::string::npos);
}

TEST(VanishingGradient, MissingNumbersAreNoFinding) {
  Trace trace = even_chain(5, -9);
  for (const std::size_t layer : trace.path) trace.layers[layer].pre_activation_norm.reset();
  EXPECT_NE(reason(check(trace)), "");
}

}  // namespace
}  // namespace evenflow::rules
