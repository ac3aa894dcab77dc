// reshape, transpose, concatenate, slice and pad: what moves elements without changing them.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "evenflow/graph/ops/concatenate.h"
#include "evenflow/graph/ops/operator_check_test.h"
#include "evenflow/graph/ops/pad.h"
#include "evenflow/graph/ops/reshape.h"
#include "evenflow/graph/ops/scale.h"
#include "evenflow/graph/ops/slice.h"
#include "evenflow/graph/ops/transpose.h"

namespace evenflow::ops {
namespace {

using Index = std::vector<std::int64_t>;

Index unravel(std::size_t element, const Shape& shape) {
  Index index(static_cast<std::size_t>(shape.rank()));
  auto rest = static_cast<std::int64_t>(element);
  for (std::size_t axis = index.size(); axis-- > 0;) {
    index[axis] = rest % shape[static_cast<int>(axis)];
    rest /= shape[static_cast<int>(axis)];
  }
  return index;
}

std::size_t ravel(const Index& index, const Shape& shape) {
  std::int64_t element = 0;
  for (std::size_t axis = 0; axis < index.size(); ++axis)
    element = element * shape[static_cast<int>(axis)] + index[axis];
  return static_cast<std::size_t>(element);
}

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
