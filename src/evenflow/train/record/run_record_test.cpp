#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <fstream>
#include <thread>

#include "evenflow/base/error_of_test.h"
#include "evenflow/record.h"
#include "evenflow/train/record/schema.h"

namespace evenflow {
namespace {

class RunRecord : public testing::Test {
 protected:
  void SetUp() override {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = std::filesystem::temp_directory_path() / ("evenflow_record_" + name + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path path(const char* name = "run.db") const { return folder_ / name; }

  std::filesystem::path folder_;
};

struct Data {
  Tensor x{Shape{40, 3}};
  Tensor y{Shape{40, 1}};
  Data() {
    for (std::int64_t i = 0; i < x.count(); ++i) x[i] = static_cast<float>(std::sin(static_cast<double>(i)));
    for (std::int64_t i = 0; i < y.count(); ++i) y[i] = x[3 * i] > 0 ? 1.0f : 0.0f;
  }
};

Sequential small_network() {
  Sequential network({Input{{3}}, Dense{8, "relu"}, Dropout{0.1}, Dense{1, "sigmoid"}}, 1);
  network.compile({.optimizer = Adam{.learning_rate = 0.01, .clipnorm = 0.05}, .loss = "binary_crossentropy"});
  return network;
}

// Keeps what it is told.
class Witness : public Observer {
 public:
  void on_step(const StepReport& report) override {
    losses.push_back(report.loss);
    if (report.parameters.empty()) return;
    parameters.emplace_back(report.parameters.begin(), report.parameters.end());
    for (ParameterReport& p : parameters.back()) {
      exponents.emplace_back(p.exponents.begin(), p.exponents.end());
      p.exponents = {};
      p.name = {};
    }
    layers.emplace_back(report.layers.begin(), report.layers.end());
    for (LayerReport& layer : layers.back()) layer.name = {};
  }
  std::vector<double> losses;
  std::vector<std::vector<ParameterReport>> parameters;
  std::vector<std::vector<double>> exponents;
  std::vector<std::vector<LayerReport>> layers;
};

template <class T>
std::vector<double> numbers(const T& report) {
  std::vector<double> all;
  record::visit_numbers(report, [&](const char*, double value) { all.push_back(std::isnan(value) ? -1e300 : value); });
  return all;
}

TEST_F(RunRecord, LongRunsAreReadWithFewerDetails) {
  Sequential network = small_network();
  const Data data;
  RunRecorder recorder(path(), {});
  network.fit(data.x, data.y, {.epochs = 100, .batch_size = 16, .observers = {&recorder}});
  recorder.finish("finished");
  const std::vector<RecordedStep> steps = RunReader(path()).steps({.details_every = 8});
  ASSERT_EQ(steps.size(), 300u);
  for (const RecordedStep& step : steps) {
    const std::uint64_t iteration = step.numbers.iteration;
    EXPECT_EQ(step.parameters.size(), iteration % 8 == 0 || iteration > 100 ? 4u : 0u) << iteration;
    EXPECT_GT(step.numbers.loss, 0);
  }
}

TEST_F(RunRecord, IsRecognizedFromTheBeginning) {
  EXPECT_FALSE(is_run_record(path()));
  RunRecorder recorder(path(), {});
  EXPECT_TRUE(is_run_record(path()));  // while its log is all that holds anything
  recorder.finish("finished");
  EXPECT_TRUE(is_run_record(path()));
  std::ofstream(path("other.db"), std::ios::binary) << std::string("SQLite format 3\0", 16) << std::string(100, '\0');
  EXPECT_FALSE(is_run_record(path("other.db")));
  EXPECT_FALSE(is_run_record(folder_));
}

TEST_F(RunRecord, GivesBackEveryNumberOfATraining) {
  Sequential network = small_network();
  const Data data;
  Witness witness;
  RunRecorder recorder(path(), {.data = "mine", .command = "test", .statistics = StatisticsLevel::full});
  network.fit(data.x, data.y,
              {.epochs = 3,
               .batch_size = 16,
               .seed = 5,
               .statistics = StatisticsLevel::full,
               .observers = {&witness, &recorder}});
  recorder.add_finding(2, {{"rule", "dead-units"}, {"severity", "warning"}});
  recorder.finish("finished");
  EXPECT_FALSE(recorder.failure());
  EXPECT_FALSE(std::filesystem::exists(path("run.db-wal")));  // one plain file remains

  const RunReader reader(path());
  EXPECT_EQ(reader.model(), network.model());
  EXPECT_EQ(reader.info("outcome"), "finished");
  EXPECT_EQ(reader.info("data"), "mine");
  EXPECT_EQ(reader.info("seed"), "5");
  EXPECT_EQ(reader.info("dropped_details"), "");
  EXPECT_EQ(reader.parameters(),
            (std::vector<std::string>{"dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"}));
  EXPECT_EQ(reader.layers(), (std::vector<std::string>{"dense", "dropout", "dense_1"}));
  const std::vector<RecordedStep> steps = reader.steps();
  ASSERT_EQ(steps.size(), 9u);
  for (std::size_t s = 0; s < steps.size(); ++s) {
    EXPECT_EQ(steps[s].numbers.iteration, s + 1);
    EXPECT_EQ(steps[s].numbers.epoch, static_cast<int>(s / 3));
    EXPECT_EQ(steps[s].numbers.loss, witness.losses[s]);
    ASSERT_EQ(steps[s].parameters.size(), 4u);
    for (std::size_t p = 0; p < 4; ++p) {
      EXPECT_EQ(numbers(steps[s].parameters[p]), numbers(witness.parameters[s][p]));
      const std::span<const double> exponents = steps[s].parameters[p].exponents;
      EXPECT_EQ(std::vector<double>(exponents.begin(), exponents.end()), witness.exponents[4 * s + p]);
    }
    ASSERT_EQ(steps[s].layers.size(), 3u);
    for (std::size_t l = 0; l < 3; ++l) EXPECT_EQ(numbers(steps[s].layers[l]), numbers(witness.layers[s][l]));
  }
  EXPECT_EQ(reader.steps({.after = 4, .limit = 2}).size(), 2u);
  EXPECT_EQ(reader.steps({.after = 4, .limit = 2})[0].numbers.iteration, 5u);
  EXPECT_TRUE(reader.steps({.details_every = 0})[8].parameters.empty());
  EXPECT_EQ(reader.last_step()->numbers.iteration, 9u);
  EXPECT_TRUE(reader.last_step()->parameters.empty());
  ASSERT_TRUE(reader.last_measured_step());
  EXPECT_EQ(reader.last_measured_step()->numbers.iteration, 9u);
  EXPECT_EQ(reader.last_measured_step()->numbers.layers.size(), 3u);
  ASSERT_EQ(reader.epochs().size(), 3u);
  EXPECT_EQ(reader.epochs()[2].logs[0].first, "loss");
  ASSERT_FALSE(reader.events().empty());
  EXPECT_EQ(reader.events()[0].kind, "clipping");
  ASSERT_EQ(reader.findings().size(), 1u);
  EXPECT_EQ(reader.findings()[0].first, 2u);
}

TEST_F(RunRecord, AnIntervalMeasuresTheFirstAndEveryNthStepAndChangesNoWeight) {
  const Data data;
  Sequential every = small_network();
  every.fit(data.x, data.y, {.epochs = 2, .batch_size = 8});
  Sequential some = small_network();
  Witness witness;
  some.fit(data.x, data.y,
           {.epochs = 2,
            .batch_size = 8,
            .statistics = StatisticsLevel::full,
            .statistics_interval = 4,
            .observers = {&witness}});
  EXPECT_EQ(witness.losses.size(), 10u);
  EXPECT_EQ(witness.parameters.size(), 10u);  // norms at every step
  EXPECT_EQ(std::ranges::count_if(witness.layers, [](const auto& layers) { return !layers.empty(); }), 3);  // 1, 4, 8
  EXPECT_EQ(some.weights(), every.weights());
}

TEST_F(RunRecord, CanBeReadWhileItIsWritten) {
  Sequential network = small_network();
  const Data data;
  RunRecorder recorder(path(), {});
  network.fit(data.x, data.y, {.observers = {&recorder}});
  const RunReader reader(path());
  EXPECT_EQ(reader.info("outcome"), "running");
  std::vector<RecordedStep> steps;
  for (int i = 0; i < 100 && steps.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    steps = reader.steps();
  }
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].parameters[0].name, "dense/kernel");
  recorder.finish("finished");
  EXPECT_EQ(reader.info("outcome"), "finished");
}

TEST_F(RunRecord, WhoeverIsDestroyedEarlySaysSo) {
  { const RunRecorder recorder(path(), {}); }
  EXPECT_EQ(RunReader(path()).info("outcome"), "aborted");
}

TEST_F(RunRecord, NeverOverwritesAnything) {
  std::ofstream(path()) << "precious";
  EXPECT_EQ(error_of([&] { RunRecorder(path(), {}); }), "usage: '" + path().string() +
                                                            "' exists already: a record holds one run, give another "
                                                            "name or remove it");
}

TEST_F(RunRecord, AFolderThatIsNotThereIsAClearError) {
  const std::filesystem::path nowhere = folder_ / "none" / "run.db";
  EXPECT_EQ(error_of([&] { RunRecorder(nowhere, {}); }),
            "io: cannot create '" + nowhere.string() + "': No such file or directory");
}

TEST_F(RunRecord, ReadingSomethingElseIsAClearError) {
  EXPECT_EQ(error_of([&] { (void)RunReader(path("none.db")); }),
            "io: there is no file '" + path("none.db").string() + "'");
  std::ofstream(path("text.db")) << "certainly not a database, but long enough to look at: " << std::string(2000, 'x');
  EXPECT_EQ(error_of([&] { (void)RunReader(path("text.db")); }),
            "input: '" + path("text.db").string() + "' is no run record: not an SQLite file");
  std::ofstream(path("empty.db")).flush();
  EXPECT_NE(error_of([&] { (void)RunReader(path("empty.db")); }).find("no run record of evenflow"), std::string::npos);
}

TEST_F(RunRecord, AFullDiskStopsTheRecordAndNotTheTraining) {
  // A limit on the size of files stands for the disk: SQLite sees the same refusal to write.
  const auto previous = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlim_t before = limit.rlim_cur;
  Sequential network = small_network();
  const Data data;
  RunRecorder recorder(path(), {.statistics = StatisticsLevel::full});
  network.fit(data.x, data.y, {.statistics = StatisticsLevel::full, .observers = {&recorder}});
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // one commit
  limit.rlim_cur = 600'000;
  setrlimit(RLIMIT_FSIZE, &limit);
  const History history = network.fit(
      data.x, data.y, {.epochs = 200, .batch_size = 2, .statistics = StatisticsLevel::full, .observers = {&recorder}});
  recorder.finish("finished");
  limit.rlim_cur = before;
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, previous);

  EXPECT_EQ(history.epochs.size(), 200u);
  ASSERT_TRUE(recorder.failure());
  EXPECT_NE(recorder.failure()->find(path().string()), std::string::npos) << *recorder.failure();
  const RunReader reader(path());
  EXPECT_EQ(reader.info("outcome"), "running");
  EXPECT_GE(reader.steps().size(), 2u);
}

}  // namespace
}  // namespace evenflow
