// Trainings that would end in NaN end well.
#include "evenflow/train/healer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "evenflow/data.h"
#include "evenflow/record.h"
#include "evenflow/train/record/flight_recorder.h"

namespace evenflow {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

Network classifier(Item optimizer) {
  Network network(sequential({Input{{2}}, Dense{16, "relu"}, Dense{16, "relu"}, Dense{1, "sigmoid"}}), 3);
  network.compile({.optimizer = std::move(optimizer), .loss = "binary_crossentropy", .metrics = {"accuracy"}});
  return network;
}

Dataset circles(const Network& network) {
  return fit_to_model(load_data("circles:samples=400,noise=0.05,seed=1"), network.model());
}

bool all_finite(const Network& network) {
  for (const auto& [name, tensor] : network.weights().entries()) {
    for (const float value : tensor.values()) {
      if (!std::isfinite(value)) return false;
    }
  }
  return true;
}

TEST(Heal, AHealthyTrainingIsNotTouched) {
  Network plain = classifier(Adam{.learning_rate = 0.01});
  Network healed = classifier(Adam{.learning_rate = 0.01});
  const Dataset data = circles(plain);
  plain.fit(data.x, data.y, {.epochs = 20});
  const History history = healed.fit(data.x, data.y, {.epochs = 20, .heal = Heal{}});
  EXPECT_TRUE(history.healed.empty());
  EXPECT_EQ(plain.saved().weights, healed.saved().weights);
}

TEST(Heal, APoisonedSampleIsLeftOut) {
  Network network = classifier(Adam{.learning_rate = 0.01});
  Dataset data = circles(network);
  data.x.data()[2 * 17] = kNaN;
  const History history = network.fit(data.x, data.y, {.epochs = 40, .heal = Heal{}});
  ASSERT_EQ(history.healed.size(), 1u);
  EXPECT_NE(history.healed[0].action.find("sample 17 left out"), std::string::npos) << history.healed[0].action;
  EXPECT_FALSE(history.stopped);
  EXPECT_TRUE(all_finite(network));
  EXPECT_GT(history.last("accuracy"), 0.95);
}

TEST(Heal, APoisonedTargetIsLeftOutAsWell) {
  Network network = classifier(Adam{.learning_rate = 0.01});
  Dataset data = circles(network);
  data.y.data()[5] = std::numeric_limits<float>::infinity();
  const History history = network.fit(data.x, data.y, {.epochs = 2, .heal = Heal{}});
  ASSERT_EQ(history.healed.size(), 1u);
  EXPECT_NE(history.healed[0].action.find("sample 5 left out"), std::string::npos) << history.healed[0].action;
}

// Finite, but beyond what float32 can square.
TEST(Heal, ASampleFarBeyondTheOthersIsFound) {
  Network network(sequential({Input{{2}}, Dense{8, "relu"}, Dense{1}}), 3);
  network.compile({.optimizer = SGD{.learning_rate = 0.01}, .loss = "mse"});
  Tensor x(Shape{64, 2});
  Tensor y(Shape{64, 1});
  for (std::int64_t i = 0; i < x.count(); ++i) x.data()[i] = static_cast<float>(std::sin(static_cast<double>(i)));
  for (std::int64_t i = 0; i < y.count(); ++i) y.data()[i] = x[2 * i] - x[2 * i + 1];
  x.data()[2 * 40] = 1e25f;
  const History history = network.fit(x, y, {.epochs = 30, .batch_size = 16, .heal = Heal{}});
  ASSERT_EQ(history.healed.size(), 1u);
  EXPECT_NE(history.healed[0].action.find("sample 40 left out"), std::string::npos) << history.healed[0].action;
  EXPECT_LT(history.last("loss"), 0.5 * history.epochs.front().logs.front().second);
}

// Ten times the rate at which this training is stable.
TEST(Heal, ARateTenTimesTooLargeIsLowered) {
  const auto regression = [](double rate) {
    Network network(sequential({Input{{8}}, Dense{16, "tanh"}, Dense{1}}), 3);
    network.compile({.optimizer = SGD{.learning_rate = rate}, .loss = "mse"});
    return network;
  };
  Tensor x(Shape{256, 8});
  Tensor y(Shape{256, 1});
  for (std::int64_t i = 0; i < x.count(); ++i)
    x.data()[i] = static_cast<float>(3 * std::sin(1.7 * static_cast<double>(i)));
  for (std::int64_t i = 0; i < y.count(); ++i) y.data()[i] = 2 * x[8 * i] - x[8 * i + 3];
  const FitOptions options{.epochs = 60};
  Network stable = regression(0.05);
  const double wanted = stable.fit(x, y, options).last("loss");
  Network plain = regression(5);
  EXPECT_FALSE(plain.fit(x, y, options).last("loss") < 100) << "the case is no trouble";

  Network network = regression(5);
  FitOptions healing = options;
  healing.heal = Heal{};
  const History history = network.fit(x, y, healing);
  ASSERT_FALSE(history.healed.empty());
  EXPECT_FALSE(history.healed.back().gave_up);
  EXPECT_NE(history.healed[0].action.find("learning rate"), std::string::npos) << history.healed[0].action;
  EXPECT_LT(network.learning_rate(), 5);
  EXPECT_TRUE(all_finite(network));
  EXPECT_LT(history.last("loss"), std::max(0.2, 4 * wanted)) << wanted;
}

TEST(Heal, OfASchedule) {
  Json rate = {{"class_name", "CosineDecay"},
               {"config", {{"initial_learning_rate", 0.0}, {"warmup_target", 1.0}, {"decay_steps", 100}}}};
  scale_rate(rate, 0.5);
  EXPECT_EQ(rate["config"]["warmup_target"], 0.5);
  rate = {{"class_name", "PiecewiseConstantDecay"}, {"config", {{"boundaries", {5}}, {"values", {1.0, 0.2}}}}};
  scale_rate(rate, 0.5);
  EXPECT_EQ(rate["config"]["values"], Json::array({0.5, 0.1}));
}

// Weights that overflow float32 at once: nothing that a step could change.
TEST(Heal, GivesUpAtOnceWhenNothingCanHelp) {
  Network network(sequential({Input{{2}}, Dense{8}, Dense{1}}), 3);
  network.compile({.optimizer = SGD{.learning_rate = 0.01}, .loss = "mse"});
  for (const char* kernel : {"dense/kernel", "dense_1/kernel"}) {
    for (float& value : network.weights().at(kernel).values()) value = 1e30f;
  }
  const Dataset data = circles(network);
  const History history = network.fit(data.x, data.y, {.epochs = 3, .heal = Heal{}});
  ASSERT_EQ(history.healed.size(), 1u);
  EXPECT_TRUE(history.healed[0].gave_up);
  EXPECT_TRUE(history.stopped);
}

TEST(Heal, GivesUpAfterItsLimit) {
  Network network(sequential({Input{{2}}, Dense{1}}), 3);
  network.compile({.optimizer = SGD{.learning_rate = 1e12}, .loss = "mse"});
  const Dataset data = circles(network);
  const History history = network.fit(data.x, data.y, {.epochs = 20, .heal = Heal{.most = 3}});
  ASSERT_EQ(history.healed.size(), 4u);
  EXPECT_TRUE(history.healed.back().gave_up);
  EXPECT_TRUE(all_finite(network));
}

// The record has the step that went wrong, the event, and every step once.
TEST(Heal, IsRecorded) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "evenflow_heal_test.db";
  std::filesystem::remove(path);
  Network network = classifier(Adam{.learning_rate = 0.01});
  Dataset data = circles(network);
  data.x.data()[2 * 17] = kNaN;
  {
    RunRecorder recorder(path, {.data = "circles", .command = "test"});
    FlightRecorder flight(recorder);
    network.fit(data.x, data.y, {.epochs = 3, .heal = Heal{}, .observers = {&recorder, &flight}});
    recorder.finish("finished");
  }
  const RunReader reader(path);
  const auto events = reader.events();
  EXPECT_TRUE(std::any_of(events.begin(), events.end(), [](const RunEvent& event) {
    return event.kind == "healed" && event.text.find("sample 17") != std::string::npos;
  }));
  EXPECT_EQ(reader.steps().size(), 39u);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace evenflow
