#include "evenflow/graph/ops/average_weights.h"

#include <gtest/gtest.h>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

struct Averaged {
  Tensor weights{{2}, {1, -2}};
  Tensor average{{2}, {7, 8}};

  void step(std::uint64_t number, std::int64_t frequency = 0, std::int64_t steps = 1) {
    Graph graph;
    average_weights(graph, graph.parameter("w", {2}), graph.parameter("a", {2}), 0.75, frequency, steps);
    ParameterStore store;
    store["w"] = weights;
    store["a"] = average;
    run_graph(std::move(graph), {}, store.options(), {.step = number});
    weights = store["w"];
    average = store["a"];
  }
};

TEST(AverageWeights, StartsWithTheWeights) {
  Averaged a;
  a.step(0);
  EXPECT_EQ(a.average, a.weights);
  a.weights = Tensor({2}, {5, -2});
  a.step(1);
  EXPECT_EQ(a.average, Tensor({2}, {2, -2}));
  EXPECT_EQ(a.weights, Tensor({2}, {5, -2}));
}

TEST(AverageWeights, OverwritesTheWeightsAfterEverySoManyUpdates) {
  Averaged a;
  a.step(3, 3);
  EXPECT_EQ(a.weights, Tensor({2}, {1, -2}));
  a.step(5, 3);
  EXPECT_EQ(a.weights, a.average);
  // With accumulation the steps of an update count as one.
  Averaged b;
  b.step(1, 0, 2);
  EXPECT_EQ(b.average, b.weights) << "still the first update";
  b.average = Tensor({2}, {5, 2});
  b.step(2, 2, 2);
  EXPECT_EQ(b.weights, Tensor({2}, {4, 1}));
}

}  // namespace
}  // namespace evenflow::ops
