#include "evenflow/graph/ops/slice.h"

#include <gtest/gtest.h>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

TEST(Slice, EqualsItsTwin) {
  Random random(3);
  for (std::uint64_t seed = 0; seed < 15; ++seed) {
    const int rank = 1 + static_cast<int>(seed % 4);
    const Shape shape = random_shape(random, rank, 6);
    const int axis = static_cast<int>(random.below(static_cast<std::uint64_t>(rank)));
    const auto extent = static_cast<std::uint64_t>(shape[axis]);
    const auto begin = static_cast<std::int64_t>(random.below(extent));
    const std::int64_t end =
        begin + 1 + static_cast<std::int64_t>(random.below(extent - static_cast<std::uint64_t>(begin)));
    const Shape result = shape.with(axis, end - begin);
    check_operator({.shapes = {shape},
                    .build = [=](Graph& g, std::span<const ValueId> in) { return slice(g, in[0], axis, begin, end); },
                    .twin =
                        [=](std::span<const Doubles> in) {
                          Doubles y(static_cast<std::size_t>(result.count()));
                          for (std::size_t i = 0; i < y.size(); ++i) {
                            Index index = unravel(i, result);
                            index[static_cast<std::size_t>(axis)] += begin;
                            y[i] = in[0][ravel(index, shape)];
                          }
                          return y;
                        }},
                   seed);
  }
}

TEST(Slice, OfNothingOrEverything) {
  Graph graph;
  const ValueId x = graph.input("x", {2, 3});
  EXPECT_EQ(slice(graph, x, -1, 0, 3), x);
  EXPECT_EQ(graph.shape(slice(graph, x, 1, 2, 2)), (Shape{2, 0}));
  EXPECT_EQ(error_of([&] { slice(graph, x, 1, 1, 4); }), "slice: axis 1 of the shape (2, 3) has no range [1, 4)");
  EXPECT_EQ(error_of([&] { slice(graph, x, 1, 2, 1); }), "slice: axis 1 of the shape (2, 3) has no range [2, 1)");
}

}  // namespace
}  // namespace evenflow::ops
