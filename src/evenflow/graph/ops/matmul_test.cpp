#include "evenflow/graph/ops/matmul.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenflow/graph/ops/binary.h"
#include "evenflow/graph/ops/operator_check_test.h"
#include "evenflow/graph/ops/unary.h"

namespace evenflow::ops {
namespace {

// Matrices by their stored rows and columns.
Doubles product(const Doubles& a, const Doubles& b, std::int64_t m, std::int64_t n, std::int64_t k,
                const MatmulOptions& options) {
  Doubles c(static_cast<std::size_t>(m * n));
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      for (std::int64_t l = 0; l < k; ++l) {
        const double left = a[static_cast<std::size_t>(options.transpose_a ? l * m + i : i * k + l)];
        const double right = b[static_cast<std::size_t>(options.transpose_b ? j * k + l : l * n + j)];
        c[static_cast<std::size_t>(i * n + j)] += left * right;
      }
    }
  }
  return c;
}

void check_product(const Shape& a, const Shape& b, std::int64_t m, std::int64_t n, std::int64_t k,
                   const MatmulOptions& options, std::uint64_t seed) {
  check_operator({.shapes = {a, b},
                  .build = [=](Graph& g, std::span<const ValueId> in) { return matmul(g, in[0], in[1], options); },
                  .twin = [=](std::span<const Doubles> in) { return product(in[0], in[1], m, n, k, options); },
                  .forward_tolerance = 1e-5},
                 seed);
}

TEST(MatMul, EqualsItsTwinForAllTranspositions) {
  Random random(1);
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const Shape s = random_shape(random, 3, 9);
    const std::int64_t m = s[0], n = s[1], k = s[2];
    check_product({m, k}, {k, n}, m, n, k, {}, seed);
    check_product({m, k}, {n, k}, m, n, k, {.transpose_b = true}, seed);
    check_product({k, m}, {k, n}, m, n, k, {.transpose_a = true}, seed);
    check_product({k, m}, {n, k}, m, n, k, {.transpose_a = true, .transpose_b = true}, seed);
  }
}

TEST(MatMul, LeadingAxesAreRows) {
  check_product({2, 3, 4}, {4, 5}, 6, 5, 4, {}, 1);
  check_product({4}, {4, 5}, 1, 5, 4, {}, 2);
  check_product({2, 3, 4}, {2, 3, 5}, 4, 5, 6, {.transpose_a = true}, 3);
  Graph graph;
  const ValueId y = matmul(graph, graph.input("a", {2, 3, 4}), graph.input("b", {4, 5}));
  EXPECT_EQ(graph.shape(y), (Shape{2, 3, 5}));
}

void tanh_forward(const float* x, float* y, std::size_t count, const UnaryParameters& p) {
  for (std::size_t i = 0; i < count; ++i) y[i] = std::tanh(p.values[0] * x[i]);
}
constexpr UnaryFunction kTanh{"tanh", tanh_forward, nullptr, false, true};

TEST(MatMul, EpilogueEqualsSeparateNodes) {
  const UnaryParameters steepness{{0.7f}};
  Graph graph;
  const ValueId a = graph.input("a", {6, 5});
  const ValueId b = graph.input("b", {5, 7});
  const ValueId bias = graph.input("bias", {7});
  graph.output("separate", unary(graph, add(graph, matmul(graph, a, b), bias), kTanh, steepness));
  const auto fused = MatMul({}).with_epilogue(true, &kTanh, steepness);
  EXPECT_EQ(fused->name(), "matmul+bias+tanh");
  graph.output("fused", graph.add1(fused, {a, b, bias}));
  Random random(5);
  std::map<std::string, Doubles> inputs{{"a", Doubles(30)}, {"b", Doubles(35)}, {"bias", Doubles(7)}};
  for (auto& [name, values] : inputs) {
    for (double& value : values) value = random.normal();
  }
  auto results = run_graph(std::move(graph), inputs, {.fuse = false});
  for (std::size_t i = 0; i < 42; ++i) EXPECT_NEAR(results["fused"][i], results["separate"][i], 1e-6);
}

TEST(MatMul, ErrorsNameBothShapes) {
  Graph graph;
  const ValueId a = graph.input("a", {2, 3});
  const ValueId b = graph.input("b", {4, 5});
  const Graph::Scope scope(graph, "dense_7");
  EXPECT_EQ(error_of([&] { matmul(graph, a, b); }), "layer 'dense_7': matmul: (2, 3) cannot be multiplied by (4, 5)");
  EXPECT_EQ(error_of([&] { matmul(graph, a, b, {.transpose_a = true, .transpose_b = true}); }),
            "layer 'dense_7': matmul: (2, 3) transposed cannot be multiplied by (4, 5) transposed");
  const ValueId bias = graph.input("bias", {4});
  const ValueId right = graph.input("right", {3, 5});
  EXPECT_NE(error_of([&] {
              graph.add(MatMul({}).with_epilogue(true, nullptr, {}), {a, right, bias});
            }).find("(4) and (5)"),
            std::string::npos);
}

}  // namespace
}  // namespace evenflow::ops
