#include "evenflow/graph/ops/penalty.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

TEST(Penalty, EqualsItsTwin) {
  Random random(1);
  const std::pair<double, double> strengths[] = {{0.1, 0}, {0, 0.2}, {0.3, 0.4}};
  for (const auto& [l1, l2] : strengths) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      check_operator(
          {.shapes = {random_shape(random, static_cast<int>(seed), 8)},
           .build = [l1 = l1, l2 = l2](Graph& g, std::span<const ValueId> in) { return penalty(g, in[0], l1, l2); },
           .twin =
               [l1 = l1, l2 = l2](std::span<const Doubles> in) {
                 double sum = 0;
                 for (const double w : in[0]) sum += l1 * std::fabs(w) + l2 * w * w;
                 return Doubles{sum};
               }},
          seed);
    }
  }
}

TEST(Penalty, GradientOfALossThatEndsInIt) {  // the incoming gradient is the constant 1; sign(0) is 0
  Graph graph;
  const ValueId w = graph.parameter("w", {3});
  const std::vector<ValueId> wrt{w};
  graph.output("dw", differentiate(graph, penalty(graph, w, 0.5, 0.25), wrt)[0]);
  ParameterStore store;
  store["w"] = Tensor({3}, {2.0f, 0.0f, -4.0f});
  EXPECT_EQ(run_graph(std::move(graph), {}, store.options()).at("dw"), (Doubles{1.5, 0, -2.5}));
}

TEST(Penalty, LargeArraysAreSummedInFull) {
  Graph graph;
  graph.output("sum", penalty(graph, graph.input("w", {100000}), 1, 0));
  EXPECT_EQ(run_graph(std::move(graph), {{"w", Doubles(100000, -0.25)}}).at("sum")[0], 25000);
}

}  // namespace
}  // namespace evenflow::ops
