#include "evenflow/graph/ops/batch_normalization.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenflow/base/threads.h"
#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

constexpr double kEpsilon = 1e-3;

struct Statistics {
  Doubles mean;
  Doubles variance;
};

std::size_t channel_of(std::size_t element, const Shape& shape, int axis) {
  return element / static_cast<std::size_t>(shape.count(axis + 1, shape.rank())) %
         static_cast<std::size_t>(shape[axis]);
}

Statistics statistics_of(const Doubles& x, const Shape& shape, int axis) {
  const auto channels = static_cast<std::size_t>(shape[axis]);
  const auto n = static_cast<double>(x.size() / channels);
  Statistics s{Doubles(channels), Doubles(channels)};
  for (std::size_t i = 0; i < x.size(); ++i) s.mean[channel_of(i, shape, axis)] += x[i] / n;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = channel_of(i, shape, axis);
    s.variance[c] += std::pow(x[i] - s.mean[c], 2) / n;
  }
  return s;
}

Doubles normalized(const Doubles& x, const Shape& shape, int axis, const Statistics& s, const Doubles* gamma,
                   const Doubles* beta) {
  Doubles y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = channel_of(i, shape, axis);
    y[i] = (x[i] - s.mean[c]) / std::sqrt(s.variance[c] + kEpsilon);
    if (gamma != nullptr) y[i] *= (*gamma)[c];
    if (beta != nullptr) y[i] += (*beta)[c];
  }
  return y;
}

constexpr BatchNormalizationOptions kOptions{.epsilon = static_cast<float>(kEpsilon), .momentum = 0.75f};

BatchNormalizationOptions along(int axis) {
  BatchNormalizationOptions options = kOptions;
  options.axis = axis;
  return options;
}

// With the batch's own statistics, or with given ones.
void check(const Shape& shape, int axis, bool gamma, bool beta, bool training, std::uint64_t seed) {
  const Shape channels{shape[axis]};
  const int resolved = axis < 0 ? axis + shape.rank() : axis;
  std::vector<Shape> shapes{shape};
  if (gamma) shapes.push_back(channels);
  if (beta) shapes.push_back(channels);
  const std::size_t beta_at = gamma ? 2 : 1;

  ParameterStore store;
  Statistics moving;
  store["mean"] = Tensor(channels);
  store["variance"] = Tensor(channels);
  for (std::int64_t c = 0; c < shape[axis]; ++c) {
    store["mean"][c] = 0.5f * static_cast<float>(c) - 1.0f;
    store["variance"][c] = 0.25f * static_cast<float>(c + 1);
    moving.mean.push_back(static_cast<double>(store["mean"][c]));
    moving.variance.push_back(static_cast<double>(store["variance"][c]));
  }
  check_operator({.shapes = shapes,
                  .build =
                      [=](Graph& g, std::span<const ValueId> in) {
                        const auto normalize = training ? batch_normalization : batch_normalization_inference;
                        return normalize(g, in[0], gamma ? in[1] : ValueId{}, beta ? in[beta_at] : ValueId{},
                                         g.parameter("mean", channels), g.parameter("variance", channels), along(axis));
                      },
                  .twin =
                      [=](std::span<const Doubles> in) {
                        return normalized(in[0], shape, resolved,
                                          training ? statistics_of(in[0], shape, resolved) : moving,
                                          gamma ? &in[1] : nullptr, beta ? &in[beta_at] : nullptr);
                      },
                  .draw = [](Random& random, std::size_t input) { return (input == 0 ? 3.0 : 0.5) + random.normal(); },
                  .forward_tolerance = 1e-5,
                  .options = store.options()},
                 seed);
}

void check_all(bool training) {
  std::uint64_t seed = 0;
  for (const bool gamma : {false, true}) {
    for (const bool beta : {false, true}) {
      check({8, 5}, -1, gamma, beta, training, ++seed);
      check({4, 3, 2, 3}, -1, gamma, beta, training, ++seed);
      check({4, 3, 2, 3}, 1, gamma, beta, training, ++seed);
      check({4, 3, 2, 3}, 2, gamma, beta, training, ++seed);
      check({5, 6}, 0, gamma, beta, training, ++seed);
      check({9, 1}, 1, gamma, beta, training, ++seed);
      check({1, 7, 2}, -1, gamma, beta, training, ++seed);
    }
  }
}

TEST(BatchNormalization, TrainingEqualsItsTwin) {
  check_all(true);
}

TEST(BatchNormalization, InferenceEqualsItsTwin) {
  check_all(false);
}

TEST(BatchNormalization, MovesTheMovingStatistics) {
  Graph graph;
  const ValueId y = batch_normalization(graph, graph.input("x", {4, 2}), {}, {}, graph.parameter("mean", {2}),
                                        graph.parameter("variance", {2}), kOptions);
  graph.output("y", y);
  const auto mutated = graph.nodes().back().op->mutated_inputs();
  EXPECT_EQ((std::vector<int>(mutated.begin(), mutated.end())), (std::vector<int>{1, 2}));
  ParameterStore store;
  store["mean"] = Tensor({2}, {1.0f, 2.0f});
  store["variance"] = Tensor({2}, {1.0f, 8.0f});
  run_graph(std::move(graph), {{"x", {1, 0, 3, 0, 5, 4, 7, 4}}}, store.options());
  // means 4 and 2, biased variances 5 and 4, momentum 3/4
  EXPECT_EQ(store["mean"], Tensor({2}, {1.75f, 2.0f}));
  EXPECT_EQ(store["variance"], Tensor({2}, {2.0f, 7.0f}));
}

TEST(BatchNormalization, ScalesTheVarianceThatGoesIntoTheMovingOne) {
  BatchNormalizationOptions options = kOptions;
  options.moving_variance_factor = 4.0f / 3.0f;  // unbiased
  Graph graph;
  graph.output("y", batch_normalization(graph, graph.input("x", {4, 1}), {}, {}, graph.parameter("mean", {1}),
                                        graph.parameter("variance", {1}), options));
  ParameterStore store;
  run_graph(std::move(graph), {{"x", {1, 3, 5, 7}}}, store.options());
  EXPECT_NEAR(store["variance"].values()[0], 0.25 * 20.0 / 3.0, 1e-6);
}

// Deviations a thousand times smaller than the mean.
TEST(BatchNormalization, FindsSmallDeviations) {
  constexpr std::size_t kRows = 4000;
  Doubles x;
  for (std::size_t i = 0; i < kRows; ++i) x.push_back(i % 2 == 0 ? 1001 : 999);
  Graph graph;
  graph.output("y", batch_normalization(graph, graph.input("x", {kRows, 1}), {}, {}, graph.parameter("mean", {1}),
                                        graph.parameter("variance", {1}), {.epsilon = 0.0f, .momentum = 0.0f}));
  ParameterStore store;
  const Doubles y = run_graph(std::move(graph), {{"x", x}}, store.options()).at("y");
  EXPECT_EQ(store["mean"].values()[0], 1000.0f);
  EXPECT_EQ(store["variance"].values()[0], 1.0f);
  for (std::size_t i = 0; i < kRows; ++i) EXPECT_NEAR(y[i], i % 2 == 0 ? 1 : -1, 1e-6);
}

TEST(BatchNormalization, LargeInputsGiveTheSameForAnyNumberOfThreads) {
  const Shape shape{700, 9, 33};
  Doubles x(static_cast<std::size_t>(shape.count()));
  Random random(3);
  for (double& v : x) v = 5 + static_cast<double>(static_cast<float>(random.normal()));
  for (const int axis : {1, 2}) {
    const auto run = [&](int threads) {
      set_threads(threads);
      Graph graph;
      const Shape channels{shape[axis]};
      const ValueId in = graph.input("x", shape);
      const ValueId y = batch_normalization(graph, in, {}, {}, graph.parameter("mean", channels),
                                            graph.parameter("variance", channels), along(axis));
      const std::vector<ValueId> wrt{in};
      graph.output("y", y);
      graph.output("dx", differentiate(graph, y, wrt, in)[0]);
      ParameterStore store;
      return run_graph(std::move(graph), {{"x", x}}, store.options());
    };
    const auto one = run(1);
    EXPECT_EQ(run(3), one);
    const Doubles expected = normalized(x, shape, axis, statistics_of(x, shape, axis), nullptr, nullptr);
    for (std::size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(one.at("y")[i], expected[i], 1e-4) << i;
  }
  set_threads(0);
}

TEST(BatchNormalization, ErrorsNameBothShapes) {
  Graph graph;
  const ValueId x = graph.input("x", {3, 4});
  const ValueId three = graph.parameter("three", {3});
  for (const auto& normalize : {batch_normalization, batch_normalization_inference}) {
    const std::string error = error_of([&] { normalize(graph, x, {}, {}, three, three, {}); });
    EXPECT_EQ(error, "batch_normalization's variables: the shapes (3) and (4) must be equal");
  }
}

}  // namespace
}  // namespace evenflow::ops
