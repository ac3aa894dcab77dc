#include "evenflow/graph/ops/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "evenflow/graph/ops/operator_check_test.h"
#include "evenflow/graph/ops/unary.h"

namespace evenflow::ops {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Statistics, Moments) {
  Graph graph;
  const ValueId m = moments(graph, graph.input("x", {2, 4}));
  EXPECT_EQ(graph.value(m).type, (ValueType{Shape{6}, DType::float64}));
  graph.output("m", m);
  EXPECT_EQ(run_graph(std::move(graph), {{"x", {1, -4, 0, 2, kNan, kInfinity, 0, 3}}}).at("m"),
            (Doubles{8, 2, 30, 4, 2, 2}));
}

TEST(Statistics, AcrossSamples) {
  Graph graph;
  graph.output("a", across_samples(graph, graph.input("x", {2, 2, 2})));
  // Features (1, 3), (0, 0), (5, 5), (2, 4): variances 1, 0, 0, 1.
  EXPECT_EQ(run_graph(std::move(graph), {{"x", {1, 0, 5, 2, 3, 0, 5, 4}}}).at("a"), (Doubles{0.5, 1}));
}

void clipped_forward(const float* x, float* y, std::size_t count, const UnaryParameters& p) {
  for (std::size_t i = 0; i < count; ++i) y[i] = std::clamp(x[i], 0.0f, p.values[0]);
}
void clipped_backward(const float* x, const float*, const float* dy, float* dx, std::size_t count,
                      const UnaryParameters& p) {
  for (std::size_t i = 0; i < count; ++i) {
    const float slope = std::isnan(x[i]) ? x[i] : x[i] > 0 && x[i] < p.values[0] ? 0.5f : 0.0f;
    dx[i] = slope * dy[i];
  }
}
constexpr UnaryFunction kClipped{"clipped", clipped_forward, clipped_backward, true, false};

Doubles activation_statistics_of(const Shape& shape, const Doubles& z) {
  const UnaryParameters top{{2.0f}};
  Graph graph;
  const ValueId in = graph.input("z", shape);
  graph.output("s", activation_statistics(graph, in, unary(graph, in, kClipped, top), kClipped, top, 0, 2));
  return run_graph(std::move(graph), {{"z", z}}).at("s");
}

TEST(Statistics, OfAnActivation) {
  // Units: alive once; dead; saturated above; not a number.
  const Doubles s = activation_statistics_of({2, 4}, {1, -1, 5, kNan, -2, -3, 4, 1});
  EXPECT_EQ(s, (Doubles{1, 0.5, 5, 2, 1}));
}

TEST(Statistics, OfAnActivationWithMoreUnitsThanABlock) {
  const std::size_t units = 2500;
  Doubles z(2 * units, -1.0);
  for (std::size_t u = 0; u < units; u += 5)
    z[(u % 2) * units + u] = 1.0;  // a fifth is alive, for one sample or the other
  const Doubles s = activation_statistics_of({2, 50, 50}, z);
  EXPECT_EQ(s, (Doubles{250, 125, 4500, 2000, 0}));
}

TEST(Statistics, EffectiveUpdate) {
  Graph graph;
  graph.output("u", effective_update(graph, graph.input("g", {20000}), [](double g) { return 2 * g + 1; }));
  EXPECT_EQ(run_graph(std::move(graph), {{"g", Doubles(20000, -1.0)}}).at("u")[0], 9 * 20000);
}

TEST(Statistics, AreNotDifferentiable) {
  Graph graph;
  const ValueId x = graph.input("x", {2});
  const ValueId m = moments(graph, x);
  const std::vector<ValueId> wrt{x};
  EXPECT_NE(error_of([&] { differentiate(graph, m, wrt); }), "");
  const ValueId other = graph.input("other", {3});
  EXPECT_EQ(error_of([&] { activation_statistics(graph, x, other, kClipped, {}, 0, 1); }),
            "activation_statistics: the shapes (2) and (3) must be equal");
}

}  // namespace
}  // namespace evenflow::ops
