#include "evenflow/graph/ops/pad.h"

#include <gtest/gtest.h>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

TEST(Pad, EqualsItsTwin) {
  Random random(4);
  for (std::uint64_t seed = 0; seed < 15; ++seed) {
    const int rank = static_cast<int>(seed % 5);
    const Shape shape = random_shape(random, rank, 4);
    Shape result = shape;
    std::vector<std::pair<std::int64_t, std::int64_t>> pads;
    for (int axis = 0; axis < rank; ++axis) {
      pads.emplace_back(random.below(3), random.below(3));
      result = result.with(axis, shape[axis] + pads.back().first + pads.back().second);
    }
    check_operator({.shapes = {shape},
                    .build = [=](Graph& g, std::span<const ValueId> in) { return pad(g, in[0], pads); },
                    .twin =
                        [=](std::span<const Doubles> in) {
                          Doubles y(static_cast<std::size_t>(result.count()));
                          for (std::size_t i = 0; i < in[0].size(); ++i) {
                            Index index = unravel(i, shape);
                            for (std::size_t axis = 0; axis < pads.size(); ++axis) index[axis] += pads[axis].first;
                            y[ravel(index, result)] = in[0][i];
                          }
                          return y;
                        }},
                   seed);
  }
}

TEST(Pad, ImagesAndErrors) {
  Graph graph;
  const ValueId x = graph.input("x", {2, 3, 4, 5});
  EXPECT_EQ(graph.shape(pad2d(graph, x, {1, 2, 3, 4})), (Shape{2, 6, 11, 5}));
  EXPECT_EQ(pad2d(graph, x, {0, 0, 0, 0}), x);
  const ValueId flat = graph.input("flat", {2, 3});
  EXPECT_EQ(error_of([&] {
              pad2d(graph, flat, {1, 1, 1, 1});
            }),
            "pad: 4 pairs of paddings do not fit the shape (2, 3)");
  EXPECT_EQ(error_of([&] { pad(graph, flat, {{0, 1}, {-1, 0}}); }), "pad: axis 1 has the negative padding (-1, 0)");
}

}  // namespace
}  // namespace evenflow::ops
