#include "evenflow/graph/ops/layer_normalization.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

constexpr double kEpsilon = 1e-3;

Doubles twin(const Doubles& x, std::size_t columns, const Doubles* gamma, const Doubles* beta, bool centered) {
  const auto n = static_cast<double>(columns);
  Doubles y(x.size());
  for (std::size_t first = 0; first < x.size(); first += columns) {
    double mean = 0;
    double variance = 0;
    for (std::size_t c = 0; centered && c < columns; ++c) mean += x[first + c] / n;
    for (std::size_t c = 0; c < columns; ++c) variance += std::pow(x[first + c] - mean, 2) / n;
    for (std::size_t c = 0; c < columns; ++c) {
      const double normalized = (x[first + c] - mean) / std::sqrt(variance + kEpsilon);
      y[first + c] = (gamma ? (*gamma)[c] : 1) * normalized + (beta ? (*beta)[c] : 0);
    }
  }
  return y;
}

void check(const Shape& shape, int axis, bool gamma, bool beta, std::uint64_t seed, bool centered = true) {
  const Shape normalized = shape.slice(axis < 0 ? axis + shape.rank() : axis, shape.rank());
  std::vector<Shape> shapes{shape};
  if (gamma) shapes.push_back(normalized);
  if (beta) shapes.push_back(normalized);
  const std::size_t beta_at = gamma ? 2 : 1;
  check_operator({.shapes = shapes,
                  .build =
                      [=](Graph& g, std::span<const ValueId> in) {
                        return layer_normalization(
                            g, in[0], gamma ? in[1] : ValueId{}, beta ? in[beta_at] : ValueId{},
                            {.axis = axis, .epsilon = static_cast<float>(kEpsilon), .centered = centered});
                      },
                  .twin =
                      [=](std::span<const Doubles> in) {
                        return twin(in[0], static_cast<std::size_t>(normalized.count()), gamma ? &in[1] : nullptr,
                                    beta ? &in[beta_at] : nullptr, centered);
                      },
                  .draw = [](Random& random, std::size_t input) { return (input == 0 ? 3.0 : 0.5) + random.normal(); },
                  .forward_tolerance = 1e-5},
                 seed);
}

TEST(LayerNormalization, EqualsItsTwin) {
  std::uint64_t seed = 0;
  for (const bool gamma : {false, true}) {
    for (const bool beta : {false, true}) {
      check({5, 7}, -1, gamma, beta, ++seed);
      check({3, 2, 70}, -1, gamma, beta, ++seed);  // more than one block of columns
      check({3, 2, 4}, 1, gamma, beta, ++seed);
      check({2, 3, 4, 2}, -3, gamma, beta, ++seed);
      check({6}, 0, gamma, beta, ++seed);
      check({1, 5}, 1, gamma, beta, ++seed);
    }
  }
}

TEST(LayerNormalization, EqualsItsTwinWithoutTheMean) {
  check({5, 7}, -1, false, false, 1, false);
  check({3, 2, 70}, -1, true, false, 2, false);
  check({3, 2, 4}, 1, true, true, 3, false);
}

TEST(LayerNormalization, ARowOfOneElementIsZero) {
  Graph graph;
  graph.output("y", layer_normalization(graph, graph.input("x", {3, 1}), {}, {}));
  EXPECT_EQ(run_graph(std::move(graph), {{"x", {1, 1e6, -5}}}).at("y"), (Doubles{0, 0, 0}));
}

TEST(LayerNormalization, ErrorsNameBothShapes) {
  Graph graph;
  const ValueId x = graph.input("x", {3, 4});
  const ValueId gamma = graph.input("gamma", {3});
  EXPECT_EQ(error_of([&] { layer_normalization(graph, x, gamma, {}); }),
            "layer_normalization's gamma and beta: the shapes (3) and (4) must be equal");
}

}  // namespace
}  // namespace evenflow::ops
