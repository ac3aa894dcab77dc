#include "evenflow/graph/ops/sequence_mask.h"

#include <gtest/gtest.h>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

TEST(SequenceMask, IsZeroWhereEveryFeatureIsTheValue) {
  Graph graph;
  graph.output("mask", sequence_mask(graph, graph.input("x", Shape{2, 2, 2}), 3.0f));
  const std::map<std::string, Doubles> outputs = run_graph(std::move(graph), {{"x", {3, 3, 3, 0, 0, 0, 1, 3}}});
  EXPECT_EQ(outputs.at("mask"), (Doubles{0, 1, 1, 1}));
}

TEST(SequenceMask, HasNoGradient) {
  Graph graph;
  const ValueId x = graph.input("x", Shape{2, 2});
  const ValueId wrt[] = {x};
  EXPECT_FALSE(differentiate(graph, sequence_mask(graph, x, 0), wrt)[0]);
}

}  // namespace
}  // namespace evenflow::ops
