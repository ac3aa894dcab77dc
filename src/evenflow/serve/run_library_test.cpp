#include "evenflow/serve/run_library.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "evenflow/base/error_of_test.h"
#include "evenflow/data.h"

namespace evenflow::serve {
namespace {

namespace fs = std::filesystem;

class RunLibraryTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    outside_ = fs::temp_directory_path() / ("evenflow_library_" + name + std::to_string(getpid()));
    folder_ = outside_ / "runs";
    fs::create_directories(folder_ / "deep");
  }
  void TearDown() override { fs::remove_all(outside_); }

  // Trains some epochs into the record.
  static void train(RunRecorder& recorder, int epochs) {
    Sequential network({Input{{2}}, Dense{4, "tanh"}, Dense{1, "sigmoid"}}, 1);
    network.compile({.optimizer = SGD{.learning_rate = 0.1}, .loss = "binary_crossentropy"});
    const Dataset data = fit_to_model(load_data("circles:samples=64"), network.model());
    network.fit(data.x, data.y, {.epochs = epochs, .statistics = StatisticsLevel::full, .observers = {&recorder}});
  }

  void record(const fs::path& path, int epochs = 2) {
    RunRecorder recorder(
        path, {.data = "circles:samples=64", .command = "evenflow train", .statistics = StatisticsLevel::full});
    train(recorder, epochs);
    recorder.finish("finished");
  }

  fs::path outside_, folder_;
};

// Keeps the events and then goes on as long as `more` says.
class Listener : public EventStream {
 public:
  explicit Listener(std::function<bool(int waits)> more) : more_(std::move(more)) {}
  bool send(std::string_view event, const Json& data) override {
    events.emplace_back(event, data);
    return true;
  }
  bool wait(double seconds) override {
    usleep(static_cast<useconds_t>(seconds * 1e6));
    return more_(waits_++);
  }
  std::vector<std::pair<std::string, Json>> events;

 private:
  std::function<bool(int)> more_;
  int waits_ = 0;
};

TEST_F(RunLibraryTest, ListsTheRecordsOfAFolderAndNothingElse) {
  record(folder_ / "a.run");
  record(folder_ / "deep" / "b.run", 3);
  std::ofstream(folder_ / "notes.txt") << "no record";
  std::ofstream(folder_ / "c.run") << "SQLite format 3" << std::string(200, '\0');
  RunLibrary library(folder_);
  for (int twice = 0; twice < 2; ++twice) {  // the second time from memory
    const Json list = library.list();
    ASSERT_EQ(list["runs"].size(), 2u);
    std::map<std::string, Json> runs;
    for (const Json& run : list["runs"]) runs[run["name"]] = run;
    EXPECT_EQ(runs["a.run"]["steps"], 4);
    EXPECT_EQ(runs["deep/b.run"]["steps"], 6);
    EXPECT_EQ(runs["a.run"]["running"], false);
    EXPECT_EQ(runs["a.run"]["optimizer"], "SGD");
    EXPECT_GT(runs["a.run"]["last_loss"], 0);
    EXPECT_EQ(runs["a.run"]["modified"].get<std::string>().size(), std::string("2026-11-24T00:00:00Z").size());
  }
}

TEST_F(RunLibraryTest, ReportsOneRunOrSeveral) {
  record(folder_ / "a.run");
  record(folder_ / "b.run", 3);
  const RunLibrary library(folder_);
  const std::vector<std::string> names{"a.run", "b.run"};
  const Json report = library.report(names);
  EXPECT_EQ(report["schema"], "evenflow-report/1");
  ASSERT_EQ(report["runs"].size(), 2u);
  EXPECT_EQ(report["runs"][1]["name"], "b.run");
  EXPECT_EQ(report["runs"][1]["running"], false);
  EXPECT_EQ(report["runs"][1]["steps"]["iteration"].size(), 6u);
  // The record's own numbers.
  const std::vector<RecordedStep> steps = RunReader(folder_ / "b.run").steps();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(report["runs"][1]["steps"]["loss"][i], steps[i].numbers.loss);
  }
}

TEST_F(RunLibraryTest, NothingOutsideOfTheFolder) {
  record(outside_ / "secret.run");
  record(folder_ / "a.run");
  fs::create_symlink(outside_ / "secret.run", folder_ / "link.run");
  fs::create_directory_symlink(outside_, folder_ / "up");
  fs::create_directories(outside_ / "runs2");
  record(outside_ / "runs2" / "x.run");
  RunLibrary library(folder_);
  EXPECT_EQ(library.list()["runs"].size(), 1u);
  for (const char* name : {"../secret.run", "link.run", "up/secret.run", "deep/../../secret.run", "../runs2/x.run", "",
                           ".", "deep", "missing.run"}) {
    EXPECT_EQ(error_of([&] { library.report(std::vector<std::string>{name}); }),
              "io: the folder holds no run '" + std::string(name) + "'");
    EXPECT_THROW(library.follow(name, 0), Error) << name;
  }
  EXPECT_THROW(library.report(std::vector<std::string>{(outside_ / "secret.run").string()}), Error);
  EXPECT_THROW(library.report(std::vector<std::string>{std::string("a.run\0.txt", 10)}), Error);
  EXPECT_THROW(library.report({}), Error);
}

TEST_F(RunLibraryTest, FollowsARunWhileItIsWritten) {
  RunRecorder recorder(folder_ / "live.run", {.data = "circles:samples=64", .statistics = StatisticsLevel::full});
  train(recorder, 2);
  recorder.add_finding(3, {{"rule", "dead-units"}, {"severity", "warning"}});
  RunLibrary library(folder_);
  Listener listener([&](int waits) {
    // The recorder writes once a second; then the run ends.
    if (waits == 8) recorder.finish("finished");
    return waits < 200;
  });
  library.follow("live.run", 0)(listener);
  ASSERT_GE(listener.events.size(), 3u);
  std::vector<std::int64_t> iterations;
  for (const auto& [event, data] : listener.events) {
    if (event != "steps") continue;
    for (const Json& iteration : data["steps"]["iteration"]) iterations.push_back(iteration);
    EXPECT_EQ(data["parameters"].size(), 4u);
    EXPECT_EQ(data["parameters"][0]["log10_gradient_norm"].size(), data["steps"]["iteration"].size());
  }
  EXPECT_EQ(iterations, (std::vector<std::int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(listener.events.back().first, "end");
  EXPECT_EQ(listener.events.back().second["outcome"], "finished");
  const auto found = std::find_if(listener.events.begin(), listener.events.end(),
                                  [](const auto& event) { return event.first == "findings"; });
  ASSERT_NE(found, listener.events.end());
  EXPECT_EQ(found->second[0]["rule"], "dead-units");
}

TEST_F(RunLibraryTest, ARunThatHasOnlyBegun) {
  RunRecorder recorder(folder_ / "begun.run", {.data = "circles"});
  RunLibrary library(folder_);
  const Json list = library.list();
  ASSERT_EQ(list["runs"].size(), 1u);
  EXPECT_EQ(list["runs"][0]["steps"], 0);
  EXPECT_NE(error_of([&] { library.report(std::vector<std::string>{"begun.run"}); }).find("only begun"),
            std::string::npos);
}

TEST_F(RunLibraryTest, ADamagedRecordIsListedWithItsError) {
  record(folder_ / "a.run");
  {
    std::fstream file(folder_ / "a.run", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file << std::string(4000, '\x5a');
  }
  RunLibrary library(folder_);
  const Json list = library.list();
  ASSERT_EQ(list["runs"].size(), 1u);
  EXPECT_NE(list["runs"][0].value("error", ""), "");
  EXPECT_THROW(library.report(std::vector<std::string>{"a.run"}), Error);
}

}  // namespace
}  // namespace evenflow::serve
