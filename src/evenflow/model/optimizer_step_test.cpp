// Ten steps of every optimizer with every clipping, of gradient accumulation, moving averages and constraints against
// real Keras (tests/golden/optimizers.json).
#include "evenflow/model/optimizer_step.h"

#include <gtest/gtest.h>

#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/model/constraint.h"
#include "evenflow/model/golden_test.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow {
namespace {

// Two variables that get gradients from outside.
class Variables {
 public:
  Variables(const Item& optimizer, const Item& constraint, StatisticsLevel statistics) : optimizer_(optimizer) {
    infos_ = {{.name = "v/a", .layer = "v", .variable = "a", .shape = {3, 4}, .constraint = constraint},
              {.name = "v/b", .layer = "v", .variable = "b", .shape = {5}}};
    state_.set("v/a", golden_tensor({3, 4}, 1));
    state_.set("v/b", golden_tensor({5}, 2, 0.3));
    Graph graph;
    std::vector<Trained> trained;
    for (const ParameterInfo& info : infos_) {
      trained.push_back({.info = &info,
                         .weights = graph.parameter(info.name, info.shape),
                         .gradient = graph.input("gradient " + info.variable, info.shape)});
    }
    for (const TrainingStep::Slot& slot : add_optimizer_step(graph, optimizer, trained, statistics))
      state_.set(slot.name, Tensor(slot.shape, slot.initial));
    program_ = compile_with(std::move(graph), state_);
  }

  void step() {
    const std::uint64_t t = program_.state().step;
    const double factor = std::pow(0.7, static_cast<double>(t % 3));
    const double shift = 1.3 * static_cast<double>(t);
    copy_to(program_.input("gradient a"), golden_tensor({3, 4}, 3 + shift, factor));
    copy_to(program_.input("gradient b"), golden_tensor({5}, 4 + shift, factor));
    program_.state().learning_rate = learning_rate(optimizer_, t);
    program_.run();
    ++program_.state().step;
  }

  std::vector<double> weights() const {
    std::vector<double> all = numbers(state_.at("v/a"));
    const std::vector<double> b = numbers(state_.at("v/b"));
    all.insert(all.end(), b.begin(), b.end());
    return all;
  }
  const Weights& state() const { return state_; }
  const Program& program() const { return program_; }

 private:
  Item optimizer_;
  std::vector<ParameterInfo> infos_;
  Weights state_;
  Program program_;
};

std::vector<Json> golden_runs() {
  const Json runs = read_golden("optimizers.json");
  return {runs.begin(), runs.end()};
}

class GoldenOptimizer : public testing::TestWithParam<Json> {};

TEST_P(GoldenOptimizer, AgreesWithKerasForTenSteps) {
  const Json& golden = GetParam();
  const Item optimizer = choose_optimizer(golden["optimizer"]);
  const Item constraint = choose_constraint(golden.contains("constraint") ? golden["constraint"] : Json());
  for (const StatisticsLevel statistics : {StatisticsLevel::off, StatisticsLevel::full}) {
    Variables variables(optimizer, constraint, statistics);
    for (std::size_t t = 0; t < golden["states"].size(); ++t) {
      variables.step();
      const std::vector<double> weights = variables.weights();
      ASSERT_EQ(weights.size(), golden["states"][t].size());
      for (std::size_t i = 0; i < weights.size(); ++i) {
        const double expected = golden["states"][t][i].get<double>();
        ASSERT_NEAR(weights[i], expected, 3e-6 * std::max(1.0, std::abs(expected))) << "step " << t << ", weight " << i;
      }
    }
  }
}

// What a half-trained model is continued with.
TEST_P(GoldenOptimizer, KeepsWhatKerasKeeps) {
  const Json& golden = GetParam();
  const Item optimizer = choose_optimizer(golden["optimizer"]);
  const Item constraint = choose_constraint(golden.contains("constraint") ? golden["constraint"] : Json());
  Variables variables(optimizer, constraint, StatisticsLevel::off);
  for (std::size_t t = 0; t < golden["states"].size(); ++t) variables.step();
  const UpdateRule rule = optimizer_type(optimizer.type).rule(optimizer.config);
  std::vector<std::string> names;
  const auto add = [&](std::string_view slot) {
    for (const char* variable : {"v/a/", "v/b/"}) names.push_back(variable + std::string(slot));
  };
  if (moving_average(optimizer)) add("average");
  if (accumulation_steps(optimizer) > 1) add("gradient_accumulator");
  const std::size_t interleaved = std::min(optimizer_type(optimizer.type).interleaved, rule.slots.size());
  for (const char* variable : {"v/a/", "v/b/"}) {
    for (std::size_t s = 0; s < interleaved; ++s) names.push_back(variable + std::string(rule.slots[s].name));
  }
  for (std::size_t s = interleaved; s < rule.slots.size(); ++s) add(rule.slots[s].name);
  const Json& kept = golden["variables"];
  const bool scalar_at_end = optimizer.type == "Nadam";
  ASSERT_EQ(names.size() + (scalar_at_end ? 1 : 0), kept.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::vector<double> values = numbers(variables.state().at(names[i]));
    ASSERT_EQ(values.size(), kept[i].size()) << names[i];
    for (std::size_t k = 0; k < values.size(); ++k) {
      const double expected = kept[i][k].get<double>();
      EXPECT_NEAR(values[k], expected, 5e-6 * std::max(0.1, std::abs(expected))) << names[i] << " " << k;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Keras, GoldenOptimizer, testing::ValuesIn(golden_runs()),
                         [](const testing::TestParamInfo<Json>& run) {
                           return fmt::format("{}_{}", run.index,
                                              run.param["optimizer"]["class_name"].get<std::string>());
                         });

TEST(OptimizerStep, AccumulationReportsEveryGradientAndHoldsTheUpdate) {
  const Item optimizer = choose_optimizer(
      Json{{"class_name", "SGD"}, {"config", {{"learning_rate", 0.5}, {"gradient_accumulation_steps", 2}}}});
  Variables variables(optimizer, {}, StatisticsLevel::norms);
  const std::vector<double> before = variables.weights();
  variables.step();
  EXPECT_EQ(variables.weights(), before);
  const std::vector<double> held = numbers(variables.program().output("update/v/a"));
  EXPECT_GT(held[1], 0) << "the gradient of this batch";
  EXPECT_EQ(held[6], 0) << "no change";
  variables.step();
  EXPECT_GT(numbers(variables.program().output("update/v/a"))[6], 0);
  EXPECT_NE(variables.weights(), before);
}

TEST(Constraint, AnySpellingAndErrors) {
  EXPECT_EQ(choose_constraint(Json()), Item{});
  EXPECT_EQ(choose_constraint("max_norm"), (Item{"MaxNorm", {{"max_value", 2.0}, {"axis", 0}}}));
  EXPECT_EQ(choose_constraint(Json{{"class_name", "NonNeg"}, {"config", Json::object()}}).type, "NonNeg");
  EXPECT_EQ(choose_constraint(Json{{"class_name", "MinMaxNorm"}, {"config", {{"rate", 0.5}}}}).config["rate"], 0.5);
  const auto error = [](const Json& config) { return error_of([&] { choose_constraint(config); }); };
  EXPECT_EQ(error("min_norm"), "unknown constraint \"min_norm\"; known are MaxNorm, UnitNorm, NonNeg and MinMaxNorm");
  EXPECT_EQ(error({{"class_name", "MaxNorm"}, {"config", {{"max_value", "2"}}}}),
            "constraint MaxNorm: max_value must be a number, not \"2\"");
  EXPECT_EQ(error({{"class_name", "MaxNorm"}, {"config", {{"axis", {0, 1.5}}}}}),
            "constraint MaxNorm: axis must be an axis or a list of axes, not [0,1.5]");
}

}  // namespace
}  // namespace evenflow
