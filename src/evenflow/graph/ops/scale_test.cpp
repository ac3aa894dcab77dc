#include "evenflow/graph/ops/scale.h"

#include <gtest/gtest.h>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

TEST(Scale, EqualsItsTwin) {
  Random random(1);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    check_operator({.shapes = {random_shape(random, static_cast<int>(seed), 7)},
                    .build = [](Graph& g, std::span<const ValueId> in) { return negate(g, scale(g, in[0], 2.5f)); },
                    .twin =
                        [](std::span<const Doubles> in) {
                          Doubles y = in[0];
                          for (double& v : y) v *= -2.5;
                          return y;
                        }},
                   seed);
  }
}

TEST(Scale, ByOneIsNothing) {
  Graph graph;
  const ValueId x = graph.input("x", {2});
  EXPECT_EQ(scale(graph, x, 1.0f), x);
  EXPECT_TRUE(graph.nodes().empty());
}

}  // namespace
}  // namespace evenflow::ops
