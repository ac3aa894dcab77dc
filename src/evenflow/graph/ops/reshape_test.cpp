#include "evenflow/graph/ops/reshape.h"

#include <gtest/gtest.h>

#include "evenflow/graph/ops/operator_check_test.h"
#include "evenflow/graph/ops/scale.h"

namespace evenflow::ops {
namespace {

TEST(Reshape, IsAView) {
  check_operator({.shapes = {{2, 3, 4}},
                  .build =
                      [](Graph& g, std::span<const ValueId> in) {
                        return reshape(g, in[0], {4, 6});
                      },
                  .twin = [](std::span<const Doubles> in) { return in[0]; }},
                 1);
  Graph graph;
  const ValueId x = graph.input("x", {2, 3});
  EXPECT_EQ(reshape(graph, x, {2, 3}), x);
  reshape(graph, x, {6});
  EXPECT_TRUE(graph.nodes().back().op->is_view());
  EXPECT_EQ(error_of([&] { reshape(graph, x, {7}); }), "reshape: 6 elements of shape (2, 3) do not make the shape (7)");
}

TEST(Reshape, OfAParameterSharesItsMemory) {
  Graph graph;
  graph.output("y", scale(graph, reshape(graph, graph.parameter("w", {2, 2}), {4}), 2.0f));
  ParameterStore store;
  store["w"] = Tensor({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(run_graph(std::move(graph), {}, store.options()).at("y"), (Doubles{2, 4, 6, 8}));
}

}  // namespace
}  // namespace evenflow::ops
