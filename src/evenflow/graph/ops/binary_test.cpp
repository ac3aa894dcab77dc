#include "evenflow/graph/ops/binary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "evenflow/graph/ops/operator_check_test.h"
#include "evenflow/graph/ops/scale.h"

namespace evenflow::ops {
namespace {

using Function = ValueId (*)(Graph&, ValueId, ValueId);

// The element of an operand that meets element `index` of the result.
std::size_t operand_index(std::size_t index, const Shape& result, const Shape& operand) {
  std::size_t at = 0;
  std::size_t stride = 1;
  for (int axis = 1; axis <= result.rank(); ++axis) {
    const auto extent = static_cast<std::size_t>(result[-axis]);
    const std::size_t coordinate = index % extent;
    index /= extent;
    if (axis > operand.rank()) continue;
    if (operand[-axis] != 1) at += coordinate * stride;
    stride *= static_cast<std::size_t>(operand[-axis]);
  }
  return at;
}

void check(Function function, double (*f)(double, double), const Shape& a, const Shape& b, std::uint64_t seed) {
  const Shape result = broadcast_shape("test", a, b);
  check_operator({.shapes = {a, b},
                  .build = [=](Graph& g, std::span<const ValueId> in) { return function(g, in[0], in[1]); },
                  .twin =
                      [=](std::span<const Doubles> in) {
                        Doubles y(static_cast<std::size_t>(result.count()));
                        for (std::size_t i = 0; i < y.size(); ++i) {
                          y[i] = f(in[0][operand_index(i, result, a)], in[1][operand_index(i, result, b)]);
                        }
                        return y;
                      },
                  .draw =
                      [](Random& random, std::size_t) {  // away from 0, for the quotient
                        return (random.below(2) == 0 ? 1 : -1) * random.uniform(0.5, 2.0);
                      }},
                 seed);
}

void check_all(const Shape& a, const Shape& b, std::uint64_t seed) {
  check(
      add, [](double x, double y) { return x + y; }, a, b, seed);
  check(
      subtract, [](double x, double y) { return x - y; }, a, b, seed);
  check(
      multiply, [](double x, double y) { return x * y; }, a, b, seed);
  check(
      divide, [](double x, double y) { return x / y; }, a, b, seed);
  check(
      maximum, [](double x, double y) { return std::max(x, y); }, a, b, seed);
  check(
      minimum, [](double x, double y) { return std::min(x, y); }, a, b, seed);
}

TEST(Binary, EqualsItsTwinForEqualShapes) {
  Random random(1);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Shape shape = random_shape(random, static_cast<int>(seed), 5);
    check_all(shape, shape, seed);
  }
}

TEST(Binary, EqualsItsTwinForOneOperandOfFewerElements) {
  const std::pair<Shape, Shape> shapes[] = {{{3, 4}, {}},        {{3, 4}, {1}},          {{3, 4}, {4}},
                                            {{3, 4}, {1, 4}},    {{3, 4}, {3, 1}},       {{2, 3, 4}, {3, 4}},
                                            {{2, 3, 4}, {3, 1}}, {{2, 3, 4, 5}, {4, 1}}, {{2, 3, 4}, {2, 1, 1}},
                                            {{1, 1, 4}, {4}},    {{3, 1, 2}, {1, 1}}};
  for (const auto& [a, b] : shapes) {
    check_all(a, b, 1);
    check_all(b, a, 2);
  }
}

TEST(Binary, EqualsItsTwinWhereBothOperandsAreRepeated) {
  check_all({3, 1}, {1, 4}, 1);
  check_all({3, 1}, {4}, 2);
  check_all({2, 1, 4}, {3, 1}, 3);
  Random random(7);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {  // any two shapes made from one by replacing extents with 1
    const Shape whole = random_shape(random, 4, 4);
    Shape a = whole;
    Shape b = whole;
    for (int axis = 0; axis < 4; ++axis) {
      const auto which = random.below(4);
      if (which == 0) a = a.with(axis, 1);
      if (which == 1) b = b.with(axis, 1);
    }
    check_all(a, b.slice(static_cast<int>(random.below(2)), 4), seed);
  }
}

TEST(Binary, ManyRows) {
  Graph graph;
  const ValueId x = graph.input("x", {500, 300});
  graph.output("row", subtract(graph, x, graph.input("row_in", {300})));
  graph.output("column", multiply(graph, graph.input("column_in", {500, 1}), x));
  Random random(3);
  std::map<std::string, Doubles> in{{"x", Doubles(150000)}, {"row_in", Doubles(300)}, {"column_in", Doubles(500)}};
  for (auto& [name, values] : in) {
    for (double& v : values) v = static_cast<double>(random.below(1000));
  }
  const auto out = run_graph(std::move(graph), in);
  for (std::size_t i = 0; i < 150000; ++i) {
    ASSERT_EQ(out.at("row")[i], in["x"][i] - in["row_in"][i % 300]) << i;
    ASSERT_EQ(out.at("column")[i], in["x"][i] * in["column_in"][i / 300]) << i;
  }
}

TEST(Binary, BothOperandsMayBeOneValue) {
  check_operator({.shapes = {{3, 4}},
                  .build = [](Graph& g, std::span<const ValueId> in) { return multiply(g, in[0], in[0]); },
                  .twin =
                      [](std::span<const Doubles> in) {
                        Doubles y = in[0];
                        for (double& v : y) v *= v;
                        return y;
                      }},
                 1);
}

TEST(Binary, EqualElementsGiveTheGradientToTheFirst) {
  for (const Function function : {maximum, minimum}) {
    Graph graph;
    const ValueId a = graph.input("a", {2});
    const ValueId b = graph.input("b", {2});
    const std::vector<ValueId> wrt{a, b};
    const std::vector<ValueId> gradients = differentiate(graph, function(graph, a, b), wrt);
    graph.output("da", gradients[0]);
    graph.output("db", gradients[1]);
    const auto out = run_graph(std::move(graph), {{"a", {1, 0}}, {"b", {1, 0}}});
    EXPECT_EQ(out.at("da"), (Doubles{1, 1}));
    EXPECT_EQ(out.at("db"), (Doubles{0, 0}));
  }
}

TEST(Binary, NanComesThrough) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Function function : {add, subtract, multiply, divide, maximum, minimum}) {
    Graph graph;
    graph.output("y", function(graph, graph.input("a", {2}), graph.input("b", {2})));
    const Doubles y = run_graph(std::move(graph), {{"a", {nan, 1}}, {"b", {1, nan}}}).at("y");
    EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1]));
  }
}

TEST(Binary, KnowsABiasAdd) {
  const Binary sum(kernels::BinaryOp::add, 0);
  EXPECT_TRUE(sum.is_bias_add({3, 4}, {4}));
  EXPECT_TRUE(sum.is_bias_add({2, 5, 5, 4}, {4}));
  EXPECT_FALSE(sum.is_bias_add({3, 4}, {3, 4}));
  EXPECT_FALSE(sum.is_bias_add({4}, {4}));
  EXPECT_FALSE(sum.is_bias_add({4}, {3, 4}));
  EXPECT_FALSE(sum.is_bias_add({3, 4}, {1}));
  EXPECT_FALSE(Binary(kernels::BinaryOp::subtract, 0).is_bias_add({3, 4}, {4}));
}

TEST(Binary, TakesOverOnlyAnInputOfTheResultsShape) {
  Graph graph;
  const ValueId matrix = graph.input("matrix", {3, 4});
  const ValueId row = graph.input("row", {4});
  const ValueId column = graph.input("column", {3, 1});
  const auto in_place = [&](ValueId a, ValueId b) {
    add(graph, a, b);
    return graph.nodes().back().op->in_place_input();
  };
  EXPECT_EQ(in_place(matrix, row), 0);
  EXPECT_EQ(in_place(row, matrix), 1);
  EXPECT_EQ(in_place(row, column), -1);
}

TEST(Binary, ErrorsNameBothShapes) {
  Graph graph;
  const ValueId a = graph.input("a", {3, 4});
  const ValueId b = graph.input("b", {2, 4});
  EXPECT_EQ(error_of([&] { add(graph, a, b); }), "add: the shapes (3, 4) and (2, 4) do not broadcast");
}

}  // namespace
}  // namespace evenflow::ops
