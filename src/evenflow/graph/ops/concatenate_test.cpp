#include "evenflow/graph/ops/concatenate.h"

#include <gtest/gtest.h>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

TEST(Concatenate, EqualsItsTwin) {
  Random random(2);
  for (std::uint64_t seed = 0; seed < 15; ++seed) {
    const int rank = 1 + static_cast<int>(seed % 4);
    const int axis = static_cast<int>(random.below(static_cast<std::uint64_t>(rank)));
    const Shape base = random_shape(random, rank, 4);
    std::vector<Shape> shapes;
    std::int64_t extent = 0;
    for (std::uint64_t i = 0; i < 1 + seed % 4; ++i) {
      shapes.push_back(base.with(axis, 1 + static_cast<std::int64_t>(random.below(4))));
      extent += shapes.back()[axis];
    }
    const Shape result = base.with(axis, extent);
    check_operator({.shapes = shapes,
                    .build =
                        [=](Graph& g, std::span<const ValueId> in) {
                          return concatenate(g, {in.begin(), in.end()}, axis - rank);
                        },
                    .twin =
                        [=](std::span<const Doubles> in) {
                          Doubles y(static_cast<std::size_t>(result.count()));
                          for (std::size_t i = 0; i < y.size(); ++i) {
                            Index index = unravel(i, result);
                            std::int64_t& along = index[static_cast<std::size_t>(axis)];
                            std::size_t part = 0;
                            while (along >= shapes[part][axis]) along -= shapes[part++][axis];
                            y[i] = in[part][ravel(index, shapes[part])];
                          }
                          return y;
                        }},
                   seed);
  }
}

TEST(Concatenate, ErrorsNameBothShapes) {
  Graph graph;
  const ValueId a = graph.input("a", {2, 3});
  const ValueId b = graph.input("b", {3, 3});
  const ValueId flat = graph.input("flat", {3});
  EXPECT_EQ(error_of([&] {
              concatenate(graph, {a, b}, 1);
            }),
            "concatenate: the shapes (2, 3) and (3, 3) differ in more than axis 1");
  EXPECT_EQ(error_of([&] {
              concatenate(graph, {a, flat}, 0);
            }),
            "concatenate: the shapes (2, 3) and (3) differ in more than axis 0");
  EXPECT_EQ(error_of([&] { concatenate(graph, {a, b}, 2); }), "concatenate: a value of shape (2, 3) has no axis 2");
}

}  // namespace
}  // namespace evenflow::ops
