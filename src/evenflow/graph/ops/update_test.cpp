#include "evenflow/graph/ops/update.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evenflow/base/threads.h"
#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

// w -= rate * (g + momentum * slot), slot += g: simple, and it uses all that a block brings.
void coefficients(std::uint64_t iteration, double learning_rate, float* out) {
  out[0] = static_cast<float>(learning_rate / (1.0 + static_cast<double>(iteration)));
  out[1] = 3.0f;
}

void step(const UpdateBlock& block) {
  for (std::size_t i = 0; i < block.count; ++i) {
    const float raw = block.gradient[i];
    const float g = std::clamp(raw * block.gradient_scale, -block.clip_value, block.clip_value);
    float w = block.weights[i] - block.weights[i] * block.decay;
    w -= block.coefficients[0] * (g + block.coefficients[1] * block.slots[0][i]);
    if (block.statistics != nullptr) {
      UpdateStatistics& s = *block.statistics;
      const auto r = static_cast<double>(raw);
      const auto old = static_cast<double>(block.weights[i]);
      const auto change = static_cast<double>(w) - old;
      s.gradient_sum += r;
      s.gradient_squares += r * r;
      s.gradient_maximum = std::max(s.gradient_maximum, std::fabs(r));
      s.gradient_zeros += r == 0;
      s.gradient_non_finite += !std::isfinite(r);
      s.weight_squares += old * old;
      s.update_squares += change * change;
    }
    block.weights[i] = w;
    block.slots[0][i] += g;
  }
}

const UpdateRule kRule{.name = "test", .slots = {{"slot"}}, .coefficients = coefficients, .update = step};

struct Result {
  std::map<std::string, Doubles> outputs;
  Tensor weights;
  Tensor slot;
};

Result run(const Tensor& weights, const Tensor& gradient, const UpdateOptions& options, bool scaled,
           const StepState& state) {
  const Shape shape = weights.shape();
  Graph graph;
  const ValueId w = graph.parameter("w", shape);
  const ValueId slot = graph.parameter("w/slot", shape);
  const ValueId g = graph.input("g", shape);
  const ValueId scale = scaled ? graph.scalar(0.5f) : ValueId{};
  const ValueId numbers = update_coefficients(graph, kRule, options.steps);
  const UpdateOutputs outputs = update(graph, kRule, w, g, {slot}, numbers, scale, options);
  EXPECT_EQ(static_cast<bool>(outputs.statistics), options.statistics);
  EXPECT_EQ(static_cast<bool>(outputs.clipped_squares), options.clips());
  EXPECT_EQ(static_cast<bool>(outputs.exponents), options.exponents);
  const auto mutated = graph.nodes().back().op->mutated_inputs();
  EXPECT_EQ((std::vector<int>(mutated.begin(), mutated.end())), (std::vector<int>{0, 2}));
  if (outputs.statistics) graph.output("statistics", outputs.statistics);
  if (outputs.clipped_squares) graph.output("clipped_squares", outputs.clipped_squares);
  if (outputs.exponents) graph.output("exponents", outputs.exponents);
  graph.output("coefficients", numbers);
  ParameterStore store;
  store["w"] = weights;
  store["w/slot"] = Tensor(shape, 0.25f);
  Result result;
  result.outputs = run_graph(std::move(graph), {{"g", Doubles(gradient.values().begin(), gradient.values().end())}},
                             store.options(), state);
  result.weights = store["w"];
  result.slot = store["w/slot"];
  return result;
}

constexpr StepState kState{.seed = 1, .step = 3, .learning_rate = 0.4};

TEST(Update, PassesEverythingToTheRule) {
  const Tensor w({2, 2}, {1, 2, 3, 4});
  const Tensor g({2, 2}, {1, -8, 0, 2});
  const Result r = run(w, g, {.clip_value = 2.0f, .weight_decay = 0.5, .statistics = true}, true, kState);
  EXPECT_FLOAT_EQ(static_cast<float>(r.outputs.at("coefficients")[0]), 0.1f);
  EXPECT_EQ(r.outputs.at("coefficients")[1], 3);
  EXPECT_EQ(r.outputs.at("coefficients")[11], 0);  // the rest is cleared
  // decay 0.5 * 0.4, then 0.1 * (clip(g / 2) + 3 * 0.25)
  const float clipped[] = {0.5f, -2.0f, 0.0f, 1.0f};
  double change = 0;
  for (std::int64_t i = 0; i < 4; ++i) {
    const float expected = w[i] * 0.8f - 0.1f * (clipped[i] + 0.75f);
    EXPECT_FLOAT_EQ(r.weights[i], expected);
    EXPECT_FLOAT_EQ(r.slot[i], 0.25f + clipped[i]);
    change += std::pow(static_cast<double>(expected - w[i]), 2);
  }
  const Doubles& s = r.outputs.at("statistics");
  EXPECT_EQ((Doubles(s.begin(), s.end() - 1)), (Doubles{-5, 69, 8, 1, 0, 30}));
  EXPECT_NEAR(s.back(), change, 1e-6);
  EXPECT_DOUBLE_EQ(r.outputs.at("clipped_squares")[0], 0.25 + 4 + 1);
}

TEST(Update, ClippedNormOfAGradientThatIsNotClippedAndOfOneWithNaN) {
  UpdateOptions options{.clip_value = 2.0f, .statistics = true};
  const Tensor w({2}, {1, 2});
  EXPECT_EQ(run(w, Tensor({2}, {1.0f, -1.5f}), options, false, kState).outputs.at("clipped_squares")[0], 3.25);
  EXPECT_EQ(run(w, Tensor({2}, {std::nanf(""), -3.0f}), options, false, kState).outputs.at("clipped_squares")[0], 4);
}

TEST(Update, ExponentsOfTheRawGradientWithoutItsZeros) {
  Tensor g(Shape{20000}, 0.0f);  // more than one block
  for (std::int64_t i = 0; i < 20000; i += 2) g[i] = i % 4 == 0 ? 1.5f : -0.25f;
  g[1] = 1e-41f;
  const Result r = run(Tensor(Shape{20000}), g, {.statistics = true, .exponents = true}, true, kState);
  Doubles expected(kernels::kExponentFields, 0.0);
  expected[0] = 1;
  expected[125] = expected[127] = 5000;
  EXPECT_EQ(r.outputs.at("exponents"), expected);
}

TEST(Update, WithoutStatisticsScaleOrClipping) {
  const Result r = run(Tensor({1}, {1.0f}), Tensor({1}, {100.0f}), {}, false, kState);
  EXPECT_FLOAT_EQ(r.weights[0], 1.0f - 0.1f * 100.75f);
}

// Of every `steps` steps all but the last only look.
TEST(Update, HoldsUntilGradientsAreAccumulated) {
  const Tensor w({3}, {1, 2, -2});
  const Tensor g({3}, {3, 0, std::numeric_limits<float>::infinity()});
  StepState state = kState;
  state.step = 7;  // the second of the third three
  const Result held = run(w, g, {.statistics = true, .steps = 3}, false, state);
  EXPECT_EQ(held.weights, w);
  EXPECT_EQ(held.slot, Tensor({3}, 0.25f));
  EXPECT_EQ(held.outputs.at("statistics"), (Doubles{3, 9, 3, 1, 1, 9, 0}));
  state.step = 8;
  const Result updated = run(w, Tensor({3}, {3, 0, 1}), {.steps = 3}, false, state);
  EXPECT_FLOAT_EQ(static_cast<float>(updated.outputs.at("coefficients")[0]), 0.4f / 3) << "the third update";
  EXPECT_FLOAT_EQ(updated.weights[0], 1 - 0.4f / 3 * 3.75f);
  EXPECT_FLOAT_EQ(updated.slot[2], 1.25f);
}

// Sums a variable's gradients before its blocks, into a slot of another extent and into its coefficients.
TEST(Update, RulesMayLookAtTheWholeVariable) {
  const UpdateRule rule{
      .name = "whole",
      .slots = {{"rows", 0, UpdateSlot::Extent::rows}, {"columns", 0, UpdateSlot::Extent::columns}, {"all", 2}},
      .coefficients = [](std::uint64_t, double rate, float* out) { out[0] = static_cast<float>(rate); },
      .prepare =
          [](const UpdateBlock& variable, const Shape& shape, float* own) {
            own[0] *= std::accumulate(variable.gradient, variable.gradient + variable.count, 0.0f);
            variable.slots[0][shape[0] - 1] += 7;
            variable.slots[1][shape[1] - 1] += 8;
          },
      .update =
          [](const UpdateBlock& block) {
            for (std::size_t i = 0; i < block.count; ++i)
              block.weights[i] -= block.coefficients[0] * block.slots[0][i]++;
          }};
  Graph graph;
  const auto parameter = [&](const char* name, const Shape& shape) { return graph.parameter(name, shape); };
  const ValueId numbers = update_coefficients(graph, rule);
  update(graph, rule, parameter("w", {2, 3}), graph.constant(Tensor({2, 3}, 0.5f)),
         {parameter("r", {2}), parameter("c", {3}), parameter("a", {2, 3})}, numbers, {}, {});
  graph.output("coefficients", numbers);
  ParameterStore store;
  store["w"] = Tensor({2, 3}, 10.0f);
  store["r"] = Tensor(Shape{2}, 1.0f);
  store["c"] = Tensor(Shape{3}, 1.0f);
  store["a"] = Tensor({2, 3}, 2.0f);
  const auto outputs = run_graph(std::move(graph), {}, store.options(), kState);
  EXPECT_FLOAT_EQ(static_cast<float>(outputs.at("coefficients")[0]), 0.4f) << "the common ones stay";
  EXPECT_EQ(store["r"], Tensor(Shape{2}, std::vector<float>{1, 8}));
  EXPECT_EQ(store["c"], Tensor(Shape{3}, std::vector<float>{1, 1, 9}));
  EXPECT_EQ(store["a"], Tensor({2, 3}, 3.0f));
  for (const float w : store["w"].values()) EXPECT_FLOAT_EQ(w, 10 - 0.4f * 3 * 2);
}

TEST(UpdateSlot, Extents) {
  const UpdateSlot rows{"r", 0, UpdateSlot::Extent::rows};
  const UpdateSlot columns{"c", 0, UpdateSlot::Extent::columns};
  EXPECT_EQ(rows.shape({3, 2, 5}), (Shape{3, 2}));
  EXPECT_EQ(columns.shape({3, 2, 5}), (Shape{3, 5}));
  EXPECT_EQ(rows.shape({7}), Shape{});
  EXPECT_EQ(columns.shape({7}), Shape{});
}

TEST(Update, LargeVariablesGiveTheSameNumbersForAnyNumberOfThreads) {
  const Shape shape{100003};
  Tensor w(shape);
  Tensor g(shape);
  Random random(5);
  for (float& v : w.values()) v = static_cast<float>(random.normal());
  for (float& v : g.values()) v = static_cast<float>(random.normal());
  const UpdateOptions options{.statistics = true};
  set_threads(1);
  const Result one = run(w, g, options, false, kState);
  set_threads(3);
  const Result three = run(w, g, options, false, kState);
  set_threads(0);
  EXPECT_EQ(one.outputs, three.outputs);
  EXPECT_EQ(one.weights, three.weights);
  const double squares = std::inner_product(g.values().begin(), g.values().end(), g.values().begin(), 0.0);
  EXPECT_NEAR(one.outputs.at("statistics")[1], squares, 1e-9 * squares);
}

TEST(Update, ErrorsNameBothShapes) {
  Graph graph;
  const ValueId w = graph.parameter("w", {2, 3});
  const ValueId slot = graph.parameter("slot", {2, 3});
  const ValueId g = graph.input("g", {3, 2});
  const ValueId numbers = update_coefficients(graph, kRule);
  EXPECT_EQ(error_of([&] { update(graph, kRule, w, g, {slot}, numbers, {}, {}); }),
            "update test: the shapes (2, 3) and (3, 2) must be equal");
  EXPECT_EQ(error_of([&] { update(graph, kRule, w, w, {}, numbers, {}, {}); }), "update test: takes 4 inputs, not 3");
}

}  // namespace
}  // namespace evenflow::ops
