#include "evenflow/graph/ops/unary.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

void sine_forward(const float* x, float* y, std::size_t count, const UnaryParameters& p) {
  for (std::size_t i = 0; i < count; ++i) y[i] = std::sin(p.values[1] * x[i]);
}
void sine_backward(const float* x, const float* y, const float* dy, float* dx, std::size_t count,
                   const UnaryParameters& p) {
  EXPECT_EQ(y, nullptr);
  for (std::size_t i = 0; i < count; ++i) dx[i] = dy[i] * p.values[1] * std::cos(p.values[1] * x[i]);
}
constexpr UnaryFunction kReadsX{"sine", sine_forward, sine_backward, true, false};

void exp_forward(const float* x, float* y, std::size_t count, const UnaryParameters&) {
  for (std::size_t i = 0; i < count; ++i) y[i] = std::exp(x[i]);
}
void exp_backward(const float* x, const float* y, const float* dy, float* dx, std::size_t count,
                  const UnaryParameters&) {
  EXPECT_EQ(x, nullptr);
  for (std::size_t i = 0; i < count; ++i) dx[i] = dy[i] * y[i];
}
constexpr UnaryFunction kReadsY{"exp", exp_forward, exp_backward, false, true};

// d(x e^x) = (1 + x) e^x = e^x + y
void product_forward(const float* x, float* y, std::size_t count, const UnaryParameters&) {
  for (std::size_t i = 0; i < count; ++i) y[i] = x[i] * std::exp(x[i]);
}
void product_backward(const float* x, const float* y, const float* dy, float* dx, std::size_t count,
                      const UnaryParameters&) {
  for (std::size_t i = 0; i < count; ++i) dx[i] = dy[i] * (std::exp(x[i]) + y[i]);
}
constexpr UnaryFunction kReadsBoth{"product", product_forward, product_backward, true, true};

void double_forward(const float* x, float* y, std::size_t count, const UnaryParameters&) {
  for (std::size_t i = 0; i < count; ++i) y[i] = 2 * x[i];
}
void double_backward(const float*, const float*, const float* dy, float* dx, std::size_t count,
                     const UnaryParameters&) {
  for (std::size_t i = 0; i < count; ++i) dx[i] = 2 * dy[i];
}
constexpr UnaryFunction kReadsNothing{"double", double_forward, double_backward, false, false};

void check(const UnaryFunction& function, double (*f)(double), const Shape& shape, std::uint64_t seed) {
  check_operator({.shapes = {shape},
                  .build =
                      [&](Graph& g, std::span<const ValueId> in) {
                        return unary(g, in[0], function, {{0.0f, 1.5f}});
                      },
                  .twin =
                      [f](std::span<const Doubles> in) {
                        Doubles y;
                        for (const double x : in[0]) y.push_back(f(x));
                        return y;
                      }},
                 seed);
}

TEST(Unary, EqualsItsTwinWhateverBackwardReads) {
  Random random(2);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Shape shape = random_shape(random, static_cast<int>(seed), 6);
    check(
        kReadsX, [](double x) { return std::sin(1.5 * x); }, shape, seed);
    check(
        kReadsY, [](double x) { return std::exp(x); }, shape, seed);
    check(
        kReadsBoth, [](double x) { return x * std::exp(x); }, shape, seed);
    check(
        kReadsNothing, [](double x) { return 2 * x; }, shape, seed);
  }
}

TEST(Unary, LargeArraysAreSplitWithoutSeams) {
  check(
      kReadsBoth, [](double x) { return x * std::exp(x); }, {1}, 1);
  const Shape large{3, 40000};
  Graph graph;
  graph.output("y", unary(graph, graph.input("x", large), kReadsNothing));
  Doubles x(120000);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i);
  const Doubles y = run_graph(std::move(graph), {{"x", x}}).at("y");
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(y[i], 2 * x[i]) << i;
}

TEST(Unary, KeepsAliveOnlyWhatBackwardReads) {
  Graph graph;
  const ValueId x = graph.input("x", {3});
  const ValueId dy = graph.input("dy", {3});
  for (const auto& [function, inputs] : {std::pair(&kReadsX, std::vector{dy, x}), {&kReadsNothing, {dy}}}) {
    const ValueId y = unary(graph, x, *function);
    unary_gradient(graph, dy, x, y, *function);
    EXPECT_EQ(graph.nodes().back().inputs, inputs) << function->name;
  }
  const ValueId y = unary(graph, x, kReadsY);
  unary_gradient(graph, dy, x, y, kReadsY);
  EXPECT_EQ(graph.nodes().back().inputs, (std::vector{dy, y}));
}

TEST(Unary, GradientOfAnotherShapeIsRefused) {
  Graph graph;
  const ValueId x = graph.input("x", {3, 2});
  const ValueId dy = graph.input("dy", {2, 3});
  EXPECT_EQ(error_of([&] { unary_gradient(graph, dy, x, x, kReadsX); }),
            "sine_gradient: the shapes (2, 3) and (3, 2) must be equal");
}

}  // namespace
}  // namespace evenflow::ops
