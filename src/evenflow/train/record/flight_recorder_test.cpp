#include "evenflow/train/record/flight_recorder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>

#include "evenflow/train/record/replay.h"

namespace evenflow {
namespace {

class Flights : public testing::Test {
 protected:
  void SetUp() override {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    path_ = std::filesystem::temp_directory_path() / ("evenflow_flight_" + name + std::to_string(getpid()) + ".db");
    std::filesystem::remove(path_);
    for (std::int64_t i = 0; i < x_.count(); ++i) x_[i] = static_cast<float>(std::sin(static_cast<double>(3 * i + 1)));
    for (std::int64_t i = 0; i < y_.count(); ++i) y_[i] = x_[3 * i] * 2;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  // Dropout, momentum and a rest batch: all that a repetition must get right.
  static Sequential network(double learning_rate) {
    Sequential net({Input{{3}}, Dense{8, "tanh"}, Dropout{0.2}, Dense{8}, Dense{1}}, 1);
    net.compile({.optimizer = SGD{.learning_rate = learning_rate, .momentum = 0.9}, .loss = "mse"});
    return net;
  }
  RunReader fit(Sequential& net, int epochs) {
    RunRecorder recorder(path_, {.statistics = StatisticsLevel::norms});
    FlightRecorder flight(recorder);
    net.fit(x_, y_, {.epochs = epochs, .batch_size = 16, .seed = 3, .observers = {&recorder, &flight}});
    recorder.finish("finished");
    return RunReader(path_);
  }

  std::filesystem::path path_;
  Tensor x_{Shape{40, 3}};
  Tensor y_{Shape{40, 1}};
};

// Remembers the weights before each step.
class Weighing : public Observer {
 public:
  void on_start(const StartReport& report) override {
    weights_ = &report.weights;
    before.push_back(report.weights);
  }
  void on_step(const StepReport&) override { before.push_back(*weights_); }
  std::vector<Weights> before;

 private:
  const Weights* weights_ = nullptr;
};

TEST_F(Flights, KeepTheStateBeforeTheStepThatWentWrong) {
  Sequential net = network(0.01);
  x_[3 * 17] = INFINITY;  // one sample of the second half of an epoch's batches
  RunRecorder recorder(path_, {});
  FlightRecorder flights(recorder);
  Weighing weighing;
  net.fit(x_, y_, {.batch_size = 16, .shuffle = false, .seed = 3, .observers = {&weighing, &recorder, &flights}});
  recorder.finish("finished");
  const RunReader reader(path_);
  ASSERT_EQ(reader.flights(), (std::vector<std::uint64_t>{2}));
  const Flight flight = reader.flight(2);
  EXPECT_EQ(flight.weights, weighing.before[1]);
  EXPECT_EQ(flight.slots.size(), 6u);
  ASSERT_EQ(flight.x.size(), 1u);
  EXPECT_EQ(flight.x[0].shape(), (Shape{16, 3}));
  EXPECT_EQ(flight.x[0][3], INFINITY);
  EXPECT_EQ(reader.steps()[0].layers.size(), 4u);  // norms were asked for; the repetition has full details
  const Replay replayed = replay(reader.model(), flight);
  ASSERT_EQ(replayed.bad_before, (std::vector<std::string>{"the batch's inputs"}));
}

TEST_F(Flights, ReplayNamesTheFirstOperatorThatOverflows) {
  Sequential net = network(1e4);
  const RunReader reader = fit(net, 40);
  ASSERT_FALSE(reader.flights().empty());
  for (const RunEvent& event : reader.events()) EXPECT_EQ(event.text.find("other losses"), std::string::npos);
  const Replay replayed = replay(reader.model(), reader.flight(reader.flights().back()));
  EXPECT_TRUE(replayed.bad_before.empty());
  ASSERT_TRUE(replayed.first);
  EXPECT_FALSE(std::isfinite(replayed.first->value));
  EXPECT_FALSE(replayed.first->operation.empty());
  EXPECT_FALSE(replayed.first->element.empty() && replayed.first->output.shape != "()");
  for (const ReplayedValue& input : replayed.first->inputs) EXPECT_EQ(input.non_finite, 0) << input.what;
}

// Tells of trouble where there is none.
class FalseAlarm : public Observer {
 public:
  FalseAlarm(FlightRecorder& flights, std::uint64_t at) : flights_(flights), at_(at) {}
  void on_start(const StartReport& report) override { flights_.on_start(report); }
  void on_step(const StepReport& report) override {
    StepReport told = report;
    if (report.iteration == at_) told.loss = INFINITY;
    flights_.on_step(told);
  }

 private:
  FlightRecorder& flights_;
  std::uint64_t at_;
};

TEST_F(Flights, RepeatManyStepsToTheLastBit) {
  Sequential net = network(0.01);
  RunRecorder recorder(path_, {});
  FlightRecorder flights(recorder);
  FalseAlarm alarm(flights, 447);  // after more than two snapshots
  Weighing weighing;
  net.fit(x_, y_, {.epochs = 150, .batch_size = 16, .seed = 3, .observers = {&weighing, &recorder, &alarm}});
  recorder.finish("finished");
  const RunReader reader(path_);
  ASSERT_EQ(reader.flights(), (std::vector<std::uint64_t>{447}));
  EXPECT_EQ(reader.flight(447).weights, weighing.before[446]);
}

TEST_F(Flights, AHealthyRunWritesNone) {
  Sequential net = network(0.01);
  const RunReader reader = fit(net, 40);
  EXPECT_TRUE(reader.flights().empty());
}

}  // namespace
}  // namespace evenflow
