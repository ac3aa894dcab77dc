#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "evenflow/base/random.h"
#include "evenflow/base/threads.h"
#include "evenflow/error.h"
#include "evenflow/train.h"

namespace evenflow {
namespace {

struct Points {
  Tensor x;
  Tensor y;
};

Points circles(std::int64_t samples = 400) {
  const Dataset data = load_data("circles:noise=0.05,seed=3,samples=" + std::to_string(samples));
  return {data.x, data.y.reshaped({samples, 1})};
}

Sequential classifier(std::uint64_t seed = 1, double dropout = 0) {
  Sequential net(
      {Input{{2}}, Dense{.units = 24, .activation = "relu", .kernel_initializer = "he_normal"}, Dropout{dropout},
       Dense{.units = 24, .activation = "tanh"}, Dense{.units = 1, .activation = "sigmoid"}},
      seed);
  net.compile(
      {.optimizer = Adam{.learning_rate = 0.01}, .loss = "binary_crossentropy", .metrics = {"accuracy", "mae"}});
  return net;
}

TEST(Network, LearnsCircles) {
  const Points data = circles();
  Sequential net = classifier();
  const History history = net.fit(data.x, data.y, {.epochs = 40, .validation_split = 0.2, .seed = 1});
  ASSERT_EQ(history.epochs.size(), 40u);
  EXPECT_LT(history.last("loss"), 0.2 * history.epochs.front().logs.front().second);
  EXPECT_GT(history.last("val_accuracy"), 0.95);
  EXPECT_TRUE(std::isnan(history.last("no such log")));
  const Evaluation evaluation = net.evaluate(data.x, data.y);
  EXPECT_GT(evaluation.metric("accuracy"), 0.95);
}

// The batch at the end is smaller: means must be weighted by samples.
TEST(Network, EvaluationDoesNotDependOnTheBatchSize) {
  const Points data = circles(101);
  Sequential net = classifier();
  net.compile({.optimizer = SGD{}, .loss = "mse", .metrics = {"root_mean_squared_error"}});
  const Evaluation whole = net.evaluate(data.x, data.y, 101);
  for (const int batch : {1, 7, 32, 1000}) {
    const Evaluation parts = net.evaluate(data.x, data.y, batch);
    EXPECT_NEAR(parts.loss, whole.loss, 1e-6) << batch;
    EXPECT_NEAR(parts.metric("root_mean_squared_error"), std::sqrt(whole.loss), 1e-5) << batch;
  }
}

TEST(Network, PredictionDoesNotDependOnTheBatchSize) {
  const Points data = circles(50);
  Sequential net = classifier();
  const Tensor whole = net.predict(data.x, 50);
  const Tensor parts = net.predict(data.x, 16);
  ASSERT_EQ(whole.shape(), (Shape{50, 1}));
  for (std::int64_t i = 0; i < 50; ++i) EXPECT_NEAR(whole[i], parts[i], 1e-6);
}

bool same_bits(const Weights& a, const Weights& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Tensor& x = a.entries()[i].second;
    const Tensor& y = b.entries()[i].second;
    if (x.shape() != y.shape() || std::memcmp(x.data(), y.data(), x.values().size_bytes()) != 0) return false;
  }
  return true;
}

TEST(Network, SameSeedSameBits) {
  const Points data = circles(200);
  for (const int count : {1, 2}) {
    set_threads(count);
    Sequential a = classifier(5, 0.3);
    Sequential b = classifier(5, 0.3);
    a.fit(data.x, data.y, {.epochs = 3, .seed = 7});
    b.fit(data.x, data.y, {.epochs = 3, .seed = 7});
    EXPECT_TRUE(same_bits(a.weights(), b.weights())) << count << " threads";
  }
  set_threads(0);
}

TEST(Network, AnotherSeedAnotherRun) {
  const Points data = circles(200);
  Sequential a = classifier(5, 0.3);
  Sequential b = classifier(5, 0.3);
  a.fit(data.x, data.y, {.epochs = 1, .seed = 7});
  b.fit(data.x, data.y, {.epochs = 1, .seed = 8});
  EXPECT_FALSE(same_bits(a.weights(), b.weights()));
}

TEST(Network, StatisticsDoNotChangeTheRun) {
  const Points data = circles(200);
  Sequential a = classifier();
  Sequential b = classifier();
  a.fit(data.x, data.y, {.epochs = 2, .statistics = StatisticsLevel::norms});
  b.fit(data.x, data.y, {.epochs = 2, .statistics = StatisticsLevel::off});
  EXPECT_TRUE(same_bits(a.weights(), b.weights()));
}

class Recorder : public Observer {
 public:
  void on_step(const StepReport& report) override {
    ++steps;
    last = report;
    for (const ParameterReport& p : report.parameters) {
      EXPECT_GT(p.gradient_norm, 0) << p.name;
      if (p.weight_norm > 0) {
        EXPECT_NEAR(p.update_ratio * p.weight_norm, p.update_norm, 1e-12);
      }
      squares += p.gradient_norm * p.gradient_norm;
    }
    EXPECT_NEAR(report.global_norm, std::sqrt(squares), 1e-6 * report.global_norm);
    squares = 0;
    if (steps == stop_after) stop = true;
  }
  int steps = 0;
  int stop_after = -1;
  double squares = 0;
  StepReport last{};
  std::atomic<bool> stop{false};
};

TEST(Network, ObserversSeeEveryStepAndItsNumbers) {
  const Points data = circles(100);
  Sequential net = classifier();
  Recorder recorder;
  net.fit(data.x, data.y, {.epochs = 2, .batch_size = 32, .observers = {&recorder}});
  EXPECT_EQ(recorder.steps, 8);
  EXPECT_EQ(recorder.last.steps, 4);
  EXPECT_EQ(recorder.last.iteration, 8u);
  EXPECT_EQ(recorder.last.learning_rate, 0.01);
}

TEST(Network, ClippingShowsInTheReport) {
  const Points data = circles(64);
  Sequential net = classifier();
  net.compile({.optimizer = SGD{.learning_rate = 0.5, .global_clipnorm = 1e-3}, .loss = "mse"});
  Recorder recorder;
  net.fit(data.x, data.y, {.batch_size = 64, .observers = {&recorder}});
  EXPECT_NEAR(recorder.last.clip_factor, 1e-3 / recorder.last.global_norm, 1e-6);
}

TEST(Network, StopsAfterTheStepThatAsksForIt) {
  const Points data = circles(100);
  Sequential net = classifier();
  Recorder recorder;
  recorder.stop_after = 2;
  const History history =
      net.fit(data.x, data.y, {.epochs = 5, .batch_size = 32, .observers = {&recorder}, .stop = &recorder.stop});
  EXPECT_EQ(recorder.steps, 2);
  EXPECT_TRUE(history.stopped);
  EXPECT_EQ(net.iterations(), 2u);
}

TEST(Network, ContinuesWhereItStopped) {
  const Points data = circles(64);
  Sequential once = classifier();
  Sequential twice = classifier();
  once.fit(data.x, data.y, {.epochs = 4, .batch_size = 64, .shuffle = false});
  twice.fit(data.x, data.y, {.epochs = 2, .batch_size = 64, .shuffle = false});
  Network resumed(twice.saved());
  resumed.fit(data.x, data.y, {.epochs = 2, .batch_size = 64, .shuffle = false});
  EXPECT_TRUE(same_bits(once.weights(), resumed.weights()));
}

TEST(Network, ErrorsSayWhatDoesNotFit) {
  const Points data = circles(20);
  Sequential net({Input{{3}}, Dense{.units = 1}});
  EXPECT_THROW(net.fit(data.x, data.y), Error);  // not compiled
  net.compile({.optimizer = SGD{}, .loss = "mse"});
  EXPECT_THROW(net.fit(data.x, data.y), Error);  // 2 inputs, not 3
  EXPECT_THROW(net.predict(data.x), Error);
  EXPECT_THROW(net.predict(Tensor(Shape{4, 3}), 0), Error);  // batch size
  EXPECT_THROW(net.compile({.optimizer = SGD{.clipnorm = 1.0, .clipvalue = 1.0}, .loss = "mse"}), Error);
  EXPECT_THROW(net.compile({.optimizer = SGD{}, .loss = "mes"}), Error);
  EXPECT_THROW(net.fit(Tensor(Shape{4, 3}), Tensor(Shape{5, 1})), Error);  // 4 inputs, 5 targets
}

TEST(Recipe, JsonRoundTrip) {
  const Recipe recipe{.model = sequential({Input{{2}}, Dense{.units = 1}}),
                      .data = "circles",
                      .epochs = 3,
                      .batch_size = 8,
                      .validation_split = 0.1,
                      .shuffle = false,
                      .seed = 42};
  EXPECT_EQ(recipe_from_json(to_json(recipe)), recipe);
  EXPECT_THROW(recipe_from_json(Json{{"data", 1}}), Error);
}

}  // namespace
}  // namespace evenflow
