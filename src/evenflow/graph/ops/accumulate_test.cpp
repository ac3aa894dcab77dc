#include "evenflow/graph/ops/accumulate.h"

#include <gtest/gtest.h>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

TEST(Accumulate, GivesTheMeanAtTheLastStepAndStartsAgain) {
  ParameterStore store;
  store["sum"] = Tensor(Shape{2});
  const auto step = [&](std::uint64_t number, const Doubles& gradient) {
    Graph graph;
    const ValueId sum = graph.parameter("sum", {2});
    graph.output("g", accumulate(graph, graph.input("g", {2}), sum, 3));
    return run_graph(std::move(graph), {{"g", gradient}}, store.options(), {.step = number}).at("g");
  };
  EXPECT_EQ(step(3, {1, 2}), (Doubles{1, 2}));
  EXPECT_EQ(store["sum"], Tensor({2}, {1, 2}));
  EXPECT_EQ(step(4, {-4, 0.5}), (Doubles{-4, 0.5}));
  EXPECT_EQ(step(5, {9, 0.5}), (Doubles{2, 1}));
  EXPECT_EQ(store["sum"], Tensor(Shape{2}));
}

TEST(Accumulate, MutatesTheAccumulatorAlone) {
  Graph graph;
  accumulate(graph, graph.input("g", {2}), graph.parameter("sum", {2}), 3);
  const auto mutated = graph.nodes().back().op->mutated_inputs();
  EXPECT_EQ((std::vector<int>(mutated.begin(), mutated.end())), std::vector<int>{1});
  EXPECT_EQ(error_of([&] { accumulate(graph, graph.input("h", {3}), graph.parameter("sum", {2}), 3); }),
            "accumulate: the shapes (3) and (2) must be equal");
}

}  // namespace
}  // namespace evenflow::ops
