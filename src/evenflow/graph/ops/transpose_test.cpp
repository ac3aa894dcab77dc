#include "evenflow/graph/ops/transpose.h"

#include <gtest/gtest.h>

#include <numeric>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

std::vector<int> random_permutation(Random& random, int rank) {
  const std::vector<std::int64_t> drawn = random.permutation(rank);
  return {drawn.begin(), drawn.end()};
}

TEST(Transpose, EqualsItsTwin) {
  Random random(1);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const int rank = static_cast<int>(seed % 5);
    const Shape shape = random_shape(random, rank, 5);
    const std::vector<int> permutation = random_permutation(random, rank);
    Shape result = shape;
    for (int axis = 0; axis < rank; ++axis)
      result = result.with(axis, shape[permutation[static_cast<std::size_t>(axis)]]);
    check_operator({.shapes = {shape},
                    .build = [=](Graph& g, std::span<const ValueId> in) { return transpose(g, in[0], permutation); },
                    .twin =
                        [=](std::span<const Doubles> in) {
                          Doubles y(in[0].size());
                          for (std::size_t i = 0; i < y.size(); ++i) {
                            const Index to = unravel(i, result);
                            Index from(to.size());
                            for (std::size_t axis = 0; axis < to.size(); ++axis) {
                              from[static_cast<std::size_t>(permutation[axis])] = to[axis];
                            }
                            y[i] = in[0][ravel(from, shape)];
                          }
                          return y;
                        }},
                   seed);
  }
}

TEST(Transpose, LargeMatrix) {
  Graph graph;
  graph.output("y", transpose(graph, graph.input("x", {300, 500}), {1, 0}));
  Doubles x(150000);
  std::iota(x.begin(), x.end(), 0.0);
  const Doubles y = run_graph(std::move(graph), {{"x", x}}).at("y");
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(y[i % 500 * 300 + i / 500], x[i]);
}

TEST(Transpose, RefusesWhatIsNoPermutation) {
  Graph graph;
  const ValueId x = graph.input("x", {2, 3});
  EXPECT_EQ(error_of([&] {
              transpose(graph, x, {0, 0});
            }),
            "transpose: (0, 0) is not a permutation of the axes of the shape (2, 3)");
  EXPECT_EQ(error_of([&] { transpose(graph, x, {0}); }),
            "transpose: (0) is not a permutation of the axes of the shape (2, 3)");
}

}  // namespace
}  // namespace evenflow::ops
