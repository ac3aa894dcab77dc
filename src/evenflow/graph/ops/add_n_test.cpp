#include "evenflow/graph/ops/add_n.h"

#include <gtest/gtest.h>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

TEST(AddN, EqualsItsTwin) {
  Random random(1);
  for (std::size_t terms : {2u, 3u, 5u, 11u}) {  // more terms than a fused chain takes
    const Shape shape = random_shape(random, 3, 6);
    check_operator({.shapes = std::vector<Shape>(terms, shape),
                    .build =
                        [](Graph& g, std::span<const ValueId> in) {
                          return add_n(g, {in.begin(), in.end()});
                        },
                    .twin =
                        [](std::span<const Doubles> in) {
                          Doubles y(in[0].size());
                          for (const Doubles& x : in) {
                            for (std::size_t i = 0; i < y.size(); ++i) y[i] += x[i];
                          }
                          return y;
                        }},
                   terms);
  }
}

TEST(AddN, AValueMayBeAddedToItself) {
  check_operator({.shapes = {{3, 2}},
                  .build =
                      [](Graph& g, std::span<const ValueId> in) {
                        return add_n(g, {in[0], in[0], in[0]});
                      },
                  .twin =
                      [](std::span<const Doubles> in) {
                        Doubles y = in[0];
                        for (double& v : y) v *= 3;
                        return y;
                      }},
                 1);
}

TEST(AddN, ErrorsNameBothShapes) {
  Graph graph;
  const ValueId a = graph.input("a", {3});
  const ValueId b = graph.input("b", {1, 3});
  EXPECT_EQ(add_n(graph, {a}), a);
  EXPECT_EQ(error_of([&] { add_n(graph, {a, b}); }), "add_n: the shapes (3) and (1, 3) must be equal");
}

}  // namespace
}  // namespace evenflow::ops
