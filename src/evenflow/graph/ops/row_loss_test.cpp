#include "evenflow/graph/ops/row_loss.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenflow/base/threads.h"
#include "evenflow/graph/ops/add_n.h"
#include "evenflow/graph/ops/operator_check_test.h"
#include "evenflow/graph/ops/penalty.h"
#include "evenflow/graph/ops/scale.h"

namespace evenflow::ops {
namespace {

// parameters[0] * mean of squared differences
double squared(const Row& row, float* gradient) {
  double sum = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double difference = static_cast<double>(row.prediction[i]) - static_cast<double>(row.target[i]);
    sum += difference * difference;
    if (gradient != nullptr) {
      gradient[i] = static_cast<float>(2 * row.parameters[0] * difference / static_cast<double>(row.width));
    }
  }
  return row.parameters[0] * sum / static_cast<double>(row.width);
}
constexpr RowFunction kSquared{"squared", squared};

// The predicted number at the target's index, squared.
double picked(const Row& row, float* gradient) {
  const auto index = static_cast<std::size_t>(row.target[0]);
  const auto value = static_cast<double>(row.prediction[index]);
  for (std::size_t i = 0; gradient != nullptr && i < row.width; ++i) {
    gradient[i] = i == index ? static_cast<float>(2 * value) : 0.0f;
  }
  return value * value;
}
constexpr RowFunction kPicked{"picked", picked};

Doubles squared_twin(std::span<const Doubles> in, double factor) {
  double sum = 0;
  for (std::size_t i = 0; i < in[0].size(); ++i) sum += (in[1][i] - in[0][i]) * (in[1][i] - in[0][i]);
  return {factor * sum / static_cast<double>(in[0].size())};
}

TEST(RowLoss, EqualsItsTwin) {
  Random random(1);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const Shape shape = random_shape(random, 1 + static_cast<int>(seed % 4), 6);
    check_operator(
        {.shapes = {shape, shape},
         .build = [](Graph& g, std::span<const ValueId> in) { return row_loss(g, in[0], in[1], kSquared, {0.75}); },
         .twin = [](std::span<const Doubles> in) { return squared_twin(in, 0.75); },
         .differentiate_by = {1}},
        seed);
  }
}

TEST(RowLoss, TakesClassIndices) {
  for (const Shape& target : {Shape{4, 3}, Shape{4, 3, 1}}) {
    Graph graph;
    const ValueId prediction = graph.input("prediction", {4, 3, 5});
    const std::vector<ValueId> wrt{prediction};
    const ValueId loss = row_loss(graph, graph.input("target", target), prediction, kPicked);
    graph.output("loss", loss);
    graph.output("gradient", differentiate(graph, loss, wrt)[0]);
    Doubles values(60);
    Doubles indices(12);
    for (std::size_t i = 0; i < 60; ++i) values[i] = 0.25 * static_cast<double>(i % 13);
    for (std::size_t r = 0; r < 12; ++r) indices[r] = static_cast<double>(r % 5);
    const auto out = run_graph(std::move(graph), {{"prediction", values}, {"target", indices}});
    double sum = 0;
    for (std::size_t r = 0; r < 12; ++r) {
      const double value = values[r * 5 + r % 5];
      sum += value * value;
      for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_NEAR(out.at("gradient")[r * 5 + i], i == r % 5 ? 2 * value / 12 : 0, 1e-6);
      }
    }
    EXPECT_NEAR(out.at("loss")[0], sum / 12, 1e-6);
  }
}

TEST(RowLoss, ItsGradientIsItsSecondOutput) {
  Graph graph;
  const ValueId prediction = graph.input("prediction", {4, 2});
  const ValueId loss = row_loss(graph, graph.input("target", {4, 2}), prediction, kSquared, {1.0});
  const ValueId total = add_n(graph, {loss, penalty(graph, graph.parameter("w", {3}), 0, 0.1)});
  const std::size_t nodes = graph.nodes().size();
  const std::vector<ValueId> wrt{prediction};
  const ValueId gradient = differentiate(graph, total, wrt)[0];
  EXPECT_EQ(graph.nodes().size(), nodes);
  EXPECT_EQ(gradient, graph.nodes()[0].outputs[1]);
}

TEST(RowLoss, DoesNotDependOnTheNumberOfThreads) {
  const Shape shape{5000, 3};
  Random random(9);
  std::map<std::string, Doubles> in{{"target", Doubles(15000)}, {"prediction", Doubles(15000)}};
  for (auto& [name, values] : in) {
    for (double& v : values) v = random.normal();
  }
  const auto run = [&] {
    Graph graph;
    graph.output("loss",
                 row_loss(graph, graph.input("target", shape), graph.input("prediction", shape), kSquared, {1.0}));
    return run_graph(std::move(graph), in).at("loss")[0];
  };
  set_threads(1);
  const double one = run();
  set_threads(4);
  EXPECT_EQ(run(), one);
  set_threads(0);
}

TEST(RowMetric, MeanAndRoot) {
  Graph graph;
  const ValueId target = graph.input("target", {2, 2});
  const ValueId prediction = graph.input("prediction", {2, 2});
  graph.output("mean", row_metric(graph, target, prediction, kSquared, {1.0}));
  graph.output("root", row_metric(graph, target, prediction, kSquared, {1.0}, true));
  const auto out = run_graph(std::move(graph), {{"target", {0, 0, 0, 0}}, {"prediction", {1, 3, 1, 5}}});
  EXPECT_EQ(out.at("mean")[0], 9);
  EXPECT_EQ(out.at("root")[0], 3);
}

TEST(RowLoss, RefusesWhatDoesNotFit) {
  Graph graph;
  const ValueId prediction = graph.input("prediction", {4, 3});
  const ValueId target = graph.input("target", {4, 2});
  EXPECT_EQ(error_of([&] { row_loss(graph, target, prediction, kSquared); }),
            "squared: a target of shape (4, 2) does not fit a prediction of shape (4, 3); right would be (4, 3) or "
            "(4, 1)");
  const ValueId fitting = graph.input("fitting", {4, 3});
  const ValueId loss = row_loss(graph, fitting, prediction, kSquared);
  const std::vector<ValueId> wrt{fitting};
  EXPECT_EQ(error_of([&] { differentiate(graph, loss, wrt); }), "squared: a loss has no gradient for its target");
}

}  // namespace
}  // namespace evenflow::ops
