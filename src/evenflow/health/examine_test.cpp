#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "evenflow/health/rule.h"
#include "evenflow/health/traces_test.h"

namespace evenflow {
namespace {

TEST(Examine, WorstFirstWithReasonsForSilence) {
  std::vector<std::string> silences;
  EXPECT_TRUE(examine(traces::even_chain(30, 0.1), &silences).empty());
  const auto reads_traces = [](const Rule* rule) { return rule->check != nullptr; };
  EXPECT_EQ(silences.size(), std::count_if(all_rules().begin(), all_rules().end(), reads_traces));
  EXPECT_NE(silences.front().find(": "), std::string::npos);

  const std::vector<Finding> findings = examine(traces::dense_chain({-9, -9, -9, 2, 2, 2, 0, 0}));
  ASSERT_GE(findings.size(), 2u);
  EXPECT_EQ(findings.front().rule, "vanishing-gradient");
  EXPECT_EQ(findings.front().severity, Severity::error);
  EXPECT_LT(findings.back().severity, Severity::error);
}

// A run whose loss goes evenly from 1 to `last`, with a step whose gradient is a hundred times the usual.
RunTrace run_with_a_spike(double last) {
  constexpr int kSteps = 200;
  RunTrace run;
  for (int i = 0; i < kSteps; ++i) {
    run.steps.push_back({.iteration = i + 1, .loss = 1 + (last - 1) * i / (kSteps - 1), .global_norm = 1});
  }
  run.steps[150].global_norm = 100;
  return run;
}

Severity severity_of_the_spike(RunTrace run, std::vector<std::pair<std::string, double>> logs) {
  run.epochs = {{.epoch = 0, .logs = std::move(logs)}};
  for (const Finding& finding : examine(run)) {
    if (finding.rule == "gradient-spike") return finding.severity;
  }
  ADD_FAILURE() << "no spike was found";
  return Severity::error;
}

TEST(Examine, WhatDoesNoHarmIsARemark) {
  EXPECT_EQ(severity_of_the_spike(run_with_a_spike(0.2), {}), Severity::info);
  EXPECT_EQ(severity_of_the_spike(run_with_a_spike(0.4), {}), Severity::warning);
  EXPECT_EQ(severity_of_the_spike(run_with_a_spike(0.4), {{"binary_accuracy", 0.97}}), Severity::info);
  EXPECT_EQ(severity_of_the_spike(run_with_a_spike(0.4), {{"accuracy", 0.7}}), Severity::warning);
  EXPECT_EQ(severity_of_the_spike(run_with_a_spike(0.4), {{"val_accuracy", 0.97}}), Severity::warning);
  EXPECT_EQ(severity_of_the_spike(run_with_a_spike(0.9), {{"accuracy", 0.97}}), Severity::warning);
}

TEST(Rules, HaveUniqueIdsWithDashesAndASentence) {
  std::set<std::string_view> ids;
  for (const Rule* rule : all_rules()) {
    EXPECT_TRUE(ids.insert(rule->id).second) << rule->id;
    EXPECT_TRUE(
        std::all_of(rule->id.begin(), rule->id.end(), [](char c) { return c == '-' || (c >= 'a' && c <= 'z'); }));
    EXPECT_TRUE(rule->summary.ends_with('.')) << rule->id;
  }
}

TEST(Rules, StandEveryTrace) {
  Trace broken = traces::even_chain(3, -9);
  broken.layers[2] = {};
  Trace no_chain = traces::even_chain(30, -9);
  no_chain.chain.clear();
  for (const Trace& trace : {Trace{}, broken, no_chain}) {
    for (const Rule* rule : all_rules()) {
      if (rule->check != nullptr) {
        EXPECT_NO_THROW(rule->check(trace)) << rule->id;
      }
    }
  }
}

}  // namespace
}  // namespace evenflow
