#include "evenflow/graph/ops/reduce.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

// Sums over the axes whose bit is set, by walking over all elements.
Doubles sum_over(const Doubles& x, const Shape& shape, unsigned reduced) {
  Shape kept = shape;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (reduced >> axis & 1u) kept = kept.with(axis, 1);
  }
  Doubles y(static_cast<std::size_t>(kept.count()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::size_t rest = i;
    std::size_t at = 0;
    std::size_t stride = 1;
    for (int axis = shape.rank(); axis-- > 0;) {
      const auto extent = static_cast<std::size_t>(shape[axis]);
      if (!(reduced >> axis & 1u)) at += rest % extent * stride;
      stride *= static_cast<std::size_t>(kept[axis]);
      rest /= extent;
    }
    y[at] += x[i];
  }
  return y;
}

std::vector<int> axes_of(unsigned reduced, int rank) {
  std::vector<int> axes;
  for (int axis = 0; axis < rank; ++axis) {
    if (reduced >> axis & 1u) axes.push_back(axis % 2 == 0 ? axis : axis - rank);  // some counted from the last
  }
  return axes;
}

TEST(Reduce, SumEqualsItsTwinForEverySetOfAxes) {
  Random random(1);
  for (int rank = 0; rank <= 4; ++rank) {
    for (unsigned reduced = 0; reduced < (1u << rank); ++reduced) {
      const Shape shape = random_shape(random, rank, 4);
      for (const bool keepdims : {false, true}) {
        check_operator({.shapes = {shape},
                        .build =
                            [=](Graph& g, std::span<const ValueId> in) {
                              return reduce_sum(g, in[0], axes_of(reduced, rank), keepdims);
                            },
                        .twin = [=](std::span<const Doubles> in) { return sum_over(in[0], shape, reduced); }},
                       reduced);
      }
    }
  }
}

TEST(Reduce, MeanEqualsItsTwin) {
  const Shape shape{3, 4, 5};
  check_operator({.shapes = {shape},
                  .build =
                      [](Graph& g, std::span<const ValueId> in) {
                        return reduce_mean(g, in[0], {0, 2});
                      },
                  .twin =
                      [shape](std::span<const Doubles> in) {
                        Doubles y = sum_over(in[0], shape, 0b101);
                        for (double& v : y) v /= 15;
                        return y;
                      }},
                 1);
}

TEST(Reduce, ShapesAndLargeArrays) {
  Graph graph;
  const ValueId x = graph.input("x", {300, 40, 7});
  const ValueId kept = reduce_sum(graph, x, {1}, true);
  const ValueId dropped = reduce_sum(graph, x, {-2});
  EXPECT_EQ(graph.shape(kept), (Shape{300, 1, 7}));
  EXPECT_EQ(graph.shape(dropped), (Shape{300, 7}));
  graph.output("kept", kept);
  graph.output("dropped", dropped);
  graph.output("all", reduce_sum(graph, x, {0, 1, 2}));
  Doubles in(300 * 40 * 7);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<double>(i % 11) - 5;
  auto out = run_graph(std::move(graph), {{"x", in}});
  EXPECT_EQ(out["kept"], sum_over(in, {300, 40, 7}, 0b010));
  EXPECT_EQ(out["dropped"], out["kept"]);
  EXPECT_EQ(out["all"], sum_over(in, {300, 40, 7}, 0b111));
}

TEST(Reduce, BroadcastToEqualsItsTwin) {
  const std::pair<Shape, Shape> shapes[] = {{{}, {3, 4}},
                                            {{4}, {3, 4}},
                                            {{3, 1}, {3, 4}},
                                            {{1}, {2, 3}},
                                            {{2, 1, 3}, {2, 4, 3}},
                                            {{2, 1, 1}, {2, 3, 4}},
                                            {{3, 1}, {2, 3, 4}},
                                            {{1, 3, 1},
                                             {
                                                 2,
                                                 3,
                                                 1,
                                             }}};
  for (const auto& [from, to] : shapes) {
    check_operator({.shapes = {from},
                    .build = [to = to](Graph& g, std::span<const ValueId> in) { return broadcast_to(g, in[0], to); },
                    .twin =
                        [from = from, to = to](std::span<const Doubles> in) {
                          Doubles y(static_cast<std::size_t>(to.count()));
                          for (std::size_t i = 0; i < y.size(); ++i) {
                            std::size_t rest = i, at = 0, stride = 1;
                            for (int axis = 1; axis <= to.rank(); ++axis) {
                              const auto extent = static_cast<std::size_t>(to[-axis]);
                              if (axis <= from.rank() && from[-axis] != 1) at += rest % extent * stride;
                              if (axis <= from.rank()) stride *= static_cast<std::size_t>(from[-axis]);
                              rest /= extent;
                            }
                            y[i] = in[0][at];
                          }
                          return y;
                        }},
                   1);
  }
}

TEST(Reduce, ErrorsNameTheShapes) {
  Graph graph;
  const ValueId x = graph.input("x", {2, 3});
  EXPECT_EQ(error_of([&] { reduce_sum(graph, x, {2}); }), "reduce_sum: a value of shape (2, 3) has no axis 2");
  EXPECT_EQ(error_of([&] {
              reduce_sum(graph, x, {1, -1});
            }),
            "reduce_sum: an axis is named twice for the shape (2, 3)");
  EXPECT_EQ(error_of([&] {
              broadcast_to(graph, x, {2, 4});
            }),
            "broadcast_to: the shapes (2, 3) and (2, 4) do not broadcast");
  EXPECT_EQ(error_of([&] { broadcast_to(graph, x, {3}); }), "broadcast_to: the shape (2, 3) does not broadcast to (3)");
  EXPECT_EQ(error_of([&] { sum_to(graph, x, {4, 2, 3}); }), "sum_to: the shape (4, 2, 3) does not broadcast to (2, 3)");
}

}  // namespace
}  // namespace evenflow::ops
