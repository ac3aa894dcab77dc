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
