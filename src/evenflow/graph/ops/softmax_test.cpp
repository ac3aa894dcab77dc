#include "evenflow/graph/ops/softmax.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

Doubles twin(const Doubles& x, const Shape& shape, bool logarithm) {
  const auto columns = static_cast<std::size_t>(shape.back());
  Doubles y(x.size());
  for (std::size_t first = 0; first < x.size(); first += columns) {
    double sum = 0;
    for (std::size_t c = 0; c < columns; ++c) sum += std::exp(x[first + c]);
    for (std::size_t c = 0; c < columns; ++c) {
      y[first + c] = logarithm ? x[first + c] - std::log(sum) : std::exp(x[first + c]) / sum;
    }
  }
  return y;
}

TEST(Softmax, EqualsItsTwin) {
  Random random(1);
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const Shape leading = random_shape(random, static_cast<int>(seed % 3), 4);
    const Shape shape = evenflow::concatenate(leading, random_shape(random, 1, 40));
    for (const bool logarithm : {false, true}) {
      check_operator(
          {.shapes = {shape},
           .build = [=](Graph& g,
                        std::span<const ValueId> in) { return logarithm ? log_softmax(g, in[0]) : softmax(g, in[0]); },
           .twin = [=](std::span<const Doubles> in) { return twin(in[0], shape, logarithm); },
           .draw = [](Random& r, std::size_t) { return 3 * r.normal(); }},
          seed);
    }
  }
}

std::map<std::string, Doubles> run_both(const Doubles& x) {
  Graph graph;
  const ValueId in = graph.input("x", {static_cast<std::int64_t>(x.size())});
  graph.output("softmax", softmax(graph, in));
  graph.output("log_softmax", log_softmax(graph, in));
  return run_graph(std::move(graph), {{"x", x}});
}

TEST(Softmax, LargeNumbersDoNotOverflow) {
  const auto out = run_both({1e30, 1e30, -1e30, 0});
  EXPECT_EQ(out.at("softmax"), (Doubles{0.5, 0.5, 0, 0}));
  EXPECT_NEAR(out.at("log_softmax")[0], 1e30 - 1e30 - std::log(2), 1e-6);
  EXPECT_NEAR(out.at("log_softmax")[2] / -2e30, 1, 1e-6);
}

TEST(Softmax, NanAndInfinityMakeTheRowNan) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    for (const std::size_t where : {0u, 3u, 17u, 20u}) {
      Doubles x(21, 0.5);
      x[where] = bad;
      const auto out = run_both(x);
      for (const auto& [name, y] : out) {
        EXPECT_TRUE(std::all_of(y.begin(), y.end(), [](double v) { return std::isnan(v); })) << name << where << bad;
      }
    }
  }
}

TEST(Softmax, AScalarIsRefused) {
  Graph graph;
  const ValueId x = graph.input("x", Shape{});
  EXPECT_EQ(error_of([&] { softmax(graph, x); }), "softmax: a scalar has no last axis");
}

}  // namespace
}  // namespace evenflow::ops
