// Whole training steps against real Keras (tests/golden/training.json).
#include <gtest/gtest.h>

#include <limits>

#include "evenflow/error.h"
#include "evenflow/graph/update_rule.h"
#include "evenflow/model/golden_test.h"
#include "evenflow/model/lowering.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow {
namespace {

constexpr double kWeightFactor = 0.8;  // of the golden networks' initial weights

// A training step with everything that it changes.
class Trainer {
 public:
  Trainer(const Model& model, const Tensor& x, const Tensor& y, StatisticsLevel statistics = StatisticsLevel::off)
      : model_(model) {
    TrainingStep step =
        build_training_step(model, {.batch = x.shape()[0], .loss = {.targets = {y.shape()}}, .statistics = statistics});
    for (std::size_t j = 0; j < step.parameters.size(); ++j) {
      const ParameterInfo& parameter = step.parameters[j];
      state_.set(parameter.name, golden_weight(parameter.variable, parameter.shape, j, kWeightFactor));
    }
    parameters_ = step.parameters;
    slots_ = step.slots;
    for (const TrainingStep::Slot& slot : step.slots) state_.set(slot.name, Tensor(slot.shape, slot.initial));
    program_ = compile_with(std::move(step.graph), state_);
    copy_to(program_.input("x"), x);
    copy_to(program_.input("y"), y);
  }

  void run() {
    program_.state().learning_rate = learning_rate(model_.compile->optimizer, program_.state().step);
    program_.run();
    ++program_.state().step;
  }

  double output(const std::string& name) const { return numbers(program_.output(name))[0]; }
  std::vector<double> all(const std::string& name) const { return numbers(program_.output(name)); }
  const Program& program() const { return program_; }
  Weights& state() { return state_; }
  const std::vector<ParameterInfo>& parameters() const { return parameters_; }
  const std::vector<TrainingStep::Slot>& slots() const { return slots_; }

 private:
  Model model_;
  Weights state_;
  std::vector<ParameterInfo> parameters_;
  std::vector<TrainingStep::Slot> slots_;
  Program program_;
};

Tensor golden_target(const std::string& loss) {
  if (loss == "mean_squared_error") return golden_tensor({6, 3}, 7);
  const bool sparse = loss.starts_with("sparse");
  Tensor y(sparse ? Shape{6} : Shape{6, 3});
  for (std::int64_t i = 0; i < 6; ++i) {
    if (sparse) {
      y[i] = static_cast<float>(i % 3);
    } else {
      y[3 * i + i % 3] = 1;
    }
  }
  return y;
}

Model golden_model(const Json& golden) {
  std::vector<Layer> layers{Input{{4}}};
  for (const Json& one : golden["layers"]) layers.push_back(layer(one["type"].get<std::string>(), one["config"]));
  Model model = sequential(std::move(layers));
  model.cross_entropy = CrossEntropyPath::clipped;
  model.compile = CompileSettings{.optimizer = choose_optimizer(golden["optimizer"]),
                                  .loss = {golden["loss"].get<std::string>()},
                                  .metrics = {{golden["metric"].get<std::string>()}}};
  return model;
}

std::vector<Json> golden_runs() {
  const Json runs = read_golden("training.json");
  return {runs.begin(), runs.end()};
}

class GoldenRun : public testing::TestWithParam<Json> {};

TEST_P(GoldenRun, AgreesWithKerasForFiveSteps) {
  const Json& golden = GetParam();
  const Model model = golden_model(golden);
  const std::string metric = "metric/" + golden["metric"].get<std::string>();
  Trainer trainer(model, golden_tensor({6, 4}, 0), golden_target(golden["loss"].get<std::string>()));
  for (std::size_t step = 0; step < golden["losses"].size(); ++step) {
    trainer.run();
    const double loss = golden["losses"][step].get<double>();
    EXPECT_NEAR(trainer.output("loss"), loss, 3e-5 * std::abs(loss)) << "step " << step;
    EXPECT_NEAR(trainer.output(metric), golden["metrics"][step].get<double>(), 3e-5) << "step " << step;
  }
  ASSERT_EQ(trainer.parameters().size(), golden["weights"].size());
  for (std::size_t j = 0; j < trainer.parameters().size(); ++j) {
    const Tensor& weights = trainer.state().at(trainer.parameters()[j].name);
    for (std::int64_t k = 0; k < weights.count(); ++k) {
      EXPECT_NEAR(static_cast<double>(weights[k]), golden["weights"][j][static_cast<std::size_t>(k)].get<double>(),
                  3e-5)
          << trainer.parameters()[j].name << " element " << k;
    }
  }
}

TEST_P(GoldenRun, IsTheSameWithStatistics) {
  const Json& golden = GetParam();
  const Model model = golden_model(golden);
  const Tensor y = golden_target(golden["loss"].get<std::string>());
  Trainer plain(model, golden_tensor({6, 4}, 0), y);
  Trainer measured(model, golden_tensor({6, 4}, 0), y, StatisticsLevel::norms);
  for (int step = 0; step < 3; ++step) {
    plain.run();
    measured.run();
  }
  EXPECT_EQ(plain.state(), measured.state());
}

std::string run_name(const testing::TestParamInfo<Json>& info) {
  std::string name;
  for (const char c : info.param["name"].get<std::string>())
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenRun, testing::ValuesIn(golden_runs()), run_name);

Model small_net(const Item& optimizer) {
  Model model = sequential({Input{{4}}, Dense{5, "tanh"}, Dense{3}});
  model.compile = CompileSettings{.optimizer = optimizer, .loss = {"mean_squared_error"}};
  return model;
}

const Tensor kX = golden_tensor({6, 4}, 0);
const Tensor kY = golden_tensor({6, 3}, 7);

// SGD with rate 1 and without clipping changes each weight by its negative gradient.
std::vector<double> gradients(const std::string& parameter) {
  Trainer trainer(small_net(SGD{.learning_rate = 1.0}), kX, kY);
  const std::vector<double> before = numbers(trainer.state().at(parameter));
  trainer.run();
  const std::vector<double> after = numbers(trainer.state().at(parameter));
  std::vector<double> result;
  for (std::size_t i = 0; i < before.size(); ++i) result.push_back(before[i] - after[i]);
  return result;
}

double norm(const std::vector<double>& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

TEST(TrainingStep, StatisticsAreThoseOfGradientWeightAndUpdate) {
  Trainer trainer(small_net(SGD{.learning_rate = 0.1}), kX, kY, StatisticsLevel::norms);
  const std::vector<double> before = numbers(trainer.state().at("dense_1/kernel"));
  trainer.run();
  const std::vector<double> gradient = gradients("dense_1/kernel");
  const std::vector<double> statistics = trainer.all("update/dense_1/kernel");
  ASSERT_EQ(statistics.size(), kUpdateStatistics);
  double sum = 0;
  double maximum = 0;
  for (const double g : gradient) {
    sum += g;
    maximum = std::max(maximum, std::abs(g));
  }
  EXPECT_NEAR(statistics[0], sum, 1e-5);
  EXPECT_NEAR(std::sqrt(statistics[1]), norm(gradient), 1e-5);
  EXPECT_NEAR(statistics[2], maximum, 1e-5);
  EXPECT_EQ(statistics[3], 0);
  EXPECT_EQ(statistics[4], 0);
  EXPECT_NEAR(std::sqrt(statistics[5]), norm(before), 1e-5);
  EXPECT_NEAR(std::sqrt(statistics[6]), 0.1 * norm(gradient), 1e-6);
}

TEST(TrainingStep, MeasuresEveryTrainableParameterOnlyWhenAsked) {
  Model model = small_net(SGD{});
  model.layers[1].trainable = false;
  Trainer measured(model, kX, kY, StatisticsLevel::full);
  EXPECT_FALSE(measured.program().has_output("update/dense/kernel"));
  EXPECT_TRUE(measured.program().has_output("update/dense_1/kernel"));
  EXPECT_TRUE(measured.program().has_output("update/dense_1/bias"));
  EXPECT_FALSE(measured.program().has_output("global_norm"));
  const Trainer plain(model, kX, kY);
  EXPECT_FALSE(plain.program().has_output("update/dense_1/kernel"));
}

TEST(TrainingStep, ClippingByGlobalNormGivesNormAndScale) {
  Trainer trainer(small_net(SGD{.learning_rate = 0.1, .global_clipnorm = 0.25}), kX, kY);
  trainer.run();
  double squares = 0;
  for (const char* name : {"dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"})
    squares += std::pow(norm(gradients(name)), 2);
  EXPECT_NEAR(trainer.output("global_norm"), std::sqrt(squares), 1e-5);
  EXPECT_NEAR(trainer.output("clip_scale"), 0.25 / std::sqrt(squares), 1e-6);
}

TEST(TrainingStep, OneBadGradientSpoilsAllUnderGlobalNormAndOneVariableUnderNorm) {
  Tensor x = kX;
  x[0] = std::numeric_limits<float>::infinity();  // tanh saturates: only the first kernel's gradient is bad
  const auto finite = [&](const Item& optimizer, const std::string& name) {
    Trainer trainer(small_net(optimizer), x, kY);
    trainer.run();
    for (const double value : numbers(trainer.state().at(name))) {
      if (!std::isfinite(value)) return false;
    }
    return true;
  };
  EXPECT_FALSE(finite(SGD{.clipnorm = 1.0}, "dense/kernel"));
  EXPECT_TRUE(finite(SGD{.clipnorm = 1.0}, "dense_1/kernel"));
  EXPECT_FALSE(finite(SGD{.global_clipnorm = 1.0}, "dense_1/kernel"));
}

TEST(TrainingStep, NamesTheSlots) {
  const Trainer plain(small_net(SGD{}), kX, kY);
  EXPECT_TRUE(plain.slots().empty());
  const Trainer adam(small_net(Adam{}), kX, kY);
  std::vector<std::string> names;
  for (const TrainingStep::Slot& slot : adam.slots()) names.push_back(slot.name);
  ASSERT_EQ(names.size(), 8u);
  EXPECT_EQ(names[0], "dense/kernel/momentum");
  EXPECT_EQ(names[1], "dense/kernel/velocity");
  EXPECT_EQ(adam.slots()[7].shape, (Shape{3}));
  const Trainer adagrad(small_net(Adagrad{.initial_accumulator_value = 0.3}), kX, kY);
  EXPECT_FLOAT_EQ(adagrad.slots()[0].initial, 0.3f);
}

TEST(TrainingStep, WithoutTrainableParametersChangesNothing) {
  Model model = small_net(Adam{});
  model.layers[1].trainable = model.layers[2].trainable = false;
  Trainer trainer(model, kX, kY, StatisticsLevel::norms);
  const Weights before = trainer.state();
  trainer.run();
  EXPECT_EQ(trainer.state(), before);
  EXPECT_GT(trainer.output("loss"), 0);
}

TEST(TrainingStep, SkipsLayersThatDoNotLeadToTheOutput) {
  Model model = small_net(SGD{.learning_rate = 0.1});
  model.layers.push_back(Dense{2});
  model.layers.back().name = "aside";
  model.layers.back().inputs = {"dense"};
  Trainer trainer(model, kX, kY, StatisticsLevel::norms);
  const Tensor before = trainer.state().at("aside/kernel");
  trainer.run();
  EXPECT_EQ(trainer.state().at("aside/kernel"), before);
  EXPECT_FALSE(trainer.program().has_output("update/aside/kernel"));
}

TEST(TrainingStep, RefusesTwoClippings) {
  EXPECT_THROW(Trainer(small_net(SGD{.clipnorm = 1.0, .clipvalue = 1.0}), kX, kY), Error);
}

}  // namespace
}  // namespace evenflow
