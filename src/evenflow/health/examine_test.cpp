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
  EXPECT_EQ(silences.size(), all_rules().size());
  EXPECT_NE(silences.front().find(": "), std::string::npos);

  const std::vector<Finding> findings = examine(traces::dense_chain({-9, -9, -9, 2, 2, 2, 0, 0}));
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].rule, "vanishing-gradient");
  EXPECT_EQ(findings[0].severity, Severity::error);
  EXPECT_LT(findings[1].severity, Severity::error);
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
    for (const Rule* rule : all_rules()) EXPECT_NO_THROW(rule->check(trace)) << rule->id;
  }
}

}  // namespace
}  // namespace evenflow
