#include "evenflow/serve/lab.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenflow/base/error_of_test.h"
#include "evenflow/format/format.h"

namespace evenflow::serve {
namespace {

HttpRequest asks(std::multimap<std::string, std::string> parameters) {
  return {.path = "/api/lab/probe", .parameters = std::move(parameters)};
}

// Keeps the events; goes away after `most` of them.
class Listener : public EventStream {
 public:
  explicit Listener(int most = 1'000'000) : left_(most) {}
  bool send(std::string_view event, const Json& data) override {
    events.emplace_back(event, data);
    return --left_ > 0;
  }
  bool wait(double) override { return left_ > 0; }  // without a wait: tests are not watched

  std::vector<Json> all(std::string_view event) const {
    std::vector<Json> found;
    for (const auto& [name, data] : events) {
      if (name == event) found.push_back(data);
    }
    return found;
  }
  std::vector<std::pair<std::string, Json>> events;

 private:
  int left_;
};

double decades(const Json& probe) {
  return probe["check"]["flow"]["total_decades"]["mean"].get<double>();
}

TEST(Lab, EveryChoiceGivesANetworkThatIsMeasured) {
  const Json choices = lab_choices();
  const std::vector<std::pair<const char*, const char*>> lists{
      {"activations", "activation"}, {"initializers", "initializer"}, {"normalizations", "normalization"},
      {"clippings", "clipping"},     {"optimizers", "optimizer"},     {"data", "data"}};
  for (const auto& [list, key] : lists) {
    ASSERT_FALSE(choices[list].empty());
    EXPECT_EQ(choices["defaults"][key], choices[list][0]);
    for (const Json& name : choices[list]) {
      const LabState state = lab_state(asks({{key, name}, {"depth", "3"}, {"width", "8"}}));
      EXPECT_EQ(lab_probe(state)["check"]["layers"].size(), lab_model(state).model.layers.size()) << name;
    }
  }
}

TEST(Lab, TheSlidersMoveTheGradient) {
  const double sigmoid = decades(lab_probe(lab_state(asks({{"depth", "20"}}))));
  const double shallow = decades(lab_probe(lab_state(asks({{"depth", "5"}}))));
  const double cured =
      decades(lab_probe(lab_state(asks({{"depth", "20"}, {"activation", "relu"}, {"initializer", "he_normal"}}))));
  const double exploding = decades(lab_probe(lab_state(
      asks({{"depth", "20"}, {"activation", "relu"}, {"initializer", "variance_scaling"}, {"weight_variance", "8"}}))));
  EXPECT_LT(sigmoid, -8);  // theory: 0.6 decades a layer
  EXPECT_GT(shallow, sigmoid / 2);
  EXPECT_LT(std::abs(cured), 1.5);
  EXPECT_NEAR(exploding, 20 * 0.5 * std::log10(4), 2);  // a factor of 8 / 2 in the squared norm for each layer
}

TEST(Lab, SaysWhatItDoesNotTake) {
  const auto message = [](std::multimap<std::string, std::string> parameters) {
    return error_of([&] { lab_state(asks(std::move(parameters))); });
  };
  EXPECT_EQ(message({{"activation", "rellu"}}), "usage: the lab knows no activation 'rellu'; did you mean 'relu'?");
  EXPECT_EQ(message({{"depth", "1e9"}}), "usage: depth is 1000000000; the lab takes 1 to 60");
  EXPECT_NE(message({{"depth", "x"}}), "");
  EXPECT_NE(message({{"learning_rate", "nan"}}), "");
  EXPECT_NE(message({{"learning_rate", "-1"}}), "");
}

TEST(Lab, ExportsTheNetworkItShows) {
  const LabState state = lab_state(asks({{"depth", "4"},
                                         {"width", "6"},
                                         {"residual", "1"},
                                         {"normalization", "batch"},
                                         {"clipping", "global_clipnorm"},
                                         {"threshold", "2"},
                                         {"seed", "7"}}));
  const SavedModel made = lab_model(state);
  const HttpReply file = lab_export(state, "keras");
  EXPECT_EQ(file.file_name, "lab.keras");
  const SavedModel read = read_model(file.body, file.file_name);
  EXPECT_EQ(read.weights, made.weights);
  EXPECT_EQ(read.model.layers.size(), made.model.layers.size());
  EXPECT_EQ(read.model.compile->optimizer.config["global_clipnorm"], 2.0);

  const std::string code = Json::parse(lab_export(state, "code").body)["code"];
  EXPECT_NE(code.find("add = keras.layers.Add()([dense, dense_1])\n"), std::string::npos) << code;
  EXPECT_NE(code.find("global_clipnorm=2.0"), std::string::npos) << code;
  const std::string command = Json::parse(lab_export(state, "command").body)["command"];
  for (const char* part : {"--hidden 6x4", "--residual", "--normalization batch_normalization", "--seed 7",
                           "--global-clipnorm 2", "--data circles:samples=500,seed=7"}) {
    EXPECT_NE(command.find(part), std::string::npos) << part << " in " << command;
  }
  EXPECT_THROW(lab_export(state, "tar"), Error);
}

TEST(Lab, ATrainingTellsItsStory) {
  Listener listener;
  lab_training(lab_state(asks({{"depth", "2"},
                               {"width", "16"},
                               {"activation", "tanh"},
                               {"optimizer", "adam"},
                               {"learning_rate", "0.02"},
                               {"epochs", "40"}})))(listener);
  ASSERT_EQ(listener.events.front().first, "start");
  const Json& start = listener.events.front().second;
  EXPECT_EQ(start["layers"], Json({"dense", "dense_1", "dense_2"}));
  EXPECT_EQ(start["samples"].size(), 500u);
  EXPECT_LT(start["x"][0], start["x"][1]);
  const std::vector<Json> steps = listener.all("step");
  ASSERT_FALSE(steps.empty());
  EXPECT_EQ(steps[0]["iteration"], 1);
  EXPECT_EQ(steps[0]["log10_gradient_norm"].size(), 3u);
  const std::vector<Json> boundaries = listener.all("boundary");
  ASSERT_GE(boundaries.size(), 2u);
  EXPECT_EQ(boundaries.front()["values"].size(), 48u * 48u);
  EXPECT_NE(boundaries.front(), boundaries.back());
  // The inner ring is class 1, the corners are far outside.
  EXPECT_GT(boundaries.back()["values"][24 * 48 + 24], 0.5);
  EXPECT_LT(boundaries.back()["values"][0], 0.5);
  ASSERT_EQ(listener.events.back().first, "done");
  EXPECT_GT(listener.events.back().second["accuracy"], 0.95);
  EXPECT_EQ(listener.events.back().second["verdict"].get<std::string>().find("It has learned: "), 0u);
}

TEST(Lab, ATrainingThatExplodesSaysSo) {
  Listener listener;
  lab_training(lab_state(asks({{"depth", "8"},
                               {"activation", "relu"},
                               {"initializer", "variance_scaling"},
                               {"weight_variance", "20"},
                               {"learning_rate", "10"},
                               {"epochs", "20"}})))(listener);
  ASSERT_EQ(listener.events.back().first, "done");
  EXPECT_FALSE(listener.all("findings").back().empty());
}

TEST(Lab, ATrainingThatNobodyWatchesEnds) {
  Listener listener(4);
  lab_training(lab_state(asks({{"epochs", "1000"}})))(listener);
  EXPECT_EQ(listener.events.size(), 4u);
}

TEST(Lab, NoMoreThanTwoTrainingsAtATime) {
  const LabState state = lab_state(asks({}));
  auto first = lab_training(state), second = lab_training(state);
  EXPECT_NE(error_of([&] { lab_training(state); }).find("2 trainings"), std::string::npos);
  second = nullptr;
  EXPECT_EQ(error_of([&] { lab_training(state); }), "");
}

}  // namespace
}  // namespace evenflow::serve
