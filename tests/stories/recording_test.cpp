// A recorded training: what log and watch show of it, and what remains of it when something goes wrong.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "command_line_test.h"
#include "evenflow/json.h"

namespace evenflow {
namespace {

class Recorded : public CommandLine {
 protected:
  void make_model(const std::string& options = "") const {
    ASSERT_EQ(run("new net.keras --input 2 --hidden 8x2 --activation relu --output 1 --output-activation sigmoid "
                  "--loss binary_crossentropy --optimizer adam --seed 1 " +
                  options)
                  .code,
              0);
  }
  static std::string train(const std::string& options) {
    return "train net.keras --data circles:samples=200,seed=1 --batch-size 20 --record run.db " + options;
  }
  Json log_json(const std::string& options = "") const {
    const Result result = run("log run.db --json " + options);
    EXPECT_EQ(result.code, 0);
    return Json::parse(result.out);
  }
};

TEST_F(Recorded, LogShowsTheRunAsTextJsonAndCsv) {
  make_model("--clipnorm 0.01");
  ASSERT_EQ(run(train("--epochs 3 --statistics full --statistics-interval 1 -q")).code, 0);
  const Result text = run("log run.db");
  EXPECT_EQ(text.code, 0);
  for (const char* part :
       {"finished", "30 steps", "circles:samples=200,seed=1", "clipping acts for the first time", "loss"}) {
    EXPECT_TRUE(contains(text.out, part)) << part << "\n" << text.out;
  }
  const Result layers = run("log run.db --layers");
  EXPECT_TRUE(contains(layers.out, "dense_2/kernel")) << layers.out;
  EXPECT_TRUE(contains(layers.out, "second_moment")) << layers.out;

  const Json json = log_json("--layers");
  ASSERT_EQ(json["steps"].size(), 30u);
  EXPECT_EQ(json["outcome"], "finished");
  EXPECT_TRUE(contains(json["command"], "train net.keras"));
  const Json& last = json["steps"][29];
  EXPECT_GT(last["parameters"]["dense/kernel"]["gradient_norm"], 0.0);
  EXPECT_EQ(last["parameters"]["dense/kernel"]["exponents"].is_array(), true);
  EXPECT_LE(last["parameters"]["dense/kernel"]["clipped_norm"], 0.0100001);
  EXPECT_GT(last["layers"]["dense"]["variance_fraction"], 0.0);
  EXPECT_EQ(json["epochs"].size(), 3u);

  const Result csv = run("log run.db --csv");
  EXPECT_TRUE(csv.out.starts_with("step,epoch,loss,learning_rate,global_norm,clip_factor,seconds\n1,0,0.")) << csv.out;
  EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), 31);
}

TEST_F(Recorded, AnIntervalMeasuresFewerStepsAndTrainsTheSameWeights) {
  make_model();
  ASSERT_EQ(run(train("--epochs 2 -q --statistics norms --statistics-interval 5 -o a.keras")).code, 0);
  const Json json = log_json("--layers");
  int measured = 0;
  for (const Json& step : json["steps"]) measured += step["parameters"].empty() ? 0 : 1;
  EXPECT_EQ(json["steps"].size(), 20u);
  EXPECT_EQ(measured, 5);  // 1, 5, 10, 15, 20
  ASSERT_EQ(run("train net.keras --data circles:samples=200,seed=1 --batch-size 20 --epochs 2 -q -o b.keras").code, 0);
  EXPECT_EQ(run("evaluate a.keras --data circles:seed=2").out, run("evaluate b.keras --data circles:seed=2").out);
}

TEST_F(Recorded, WhatWasWrittenSurvivesKillNine) {
  make_model();
  const std::string start = "cd " + folder_.string() + " && exec " EVENFLOW_PROGRAM " " + train("--epochs 1000000 -q");
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", start.c_str(), nullptr);
    _exit(127);
  }
  std::size_t steps = 0;
  for (int i = 0; i < 300 && steps == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const Result log = run("log run.db --json 2>/dev/null");
    if (log.code == 0) steps = Json::parse(log.out)["steps"].size();
  }
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  ASSERT_GT(steps, 0u);
  const Json json = log_json();
  EXPECT_EQ(json["outcome"], "running");
  EXPECT_GE(json["steps"].size(), steps);
  const Result watch = run("watch run.db --interval 0.1");  // tells a dead process from a slow one
  EXPECT_EQ(watch.code, 0);
  EXPECT_TRUE(contains(watch.out, "ended without a last word")) << watch.out;
}

TEST_F(Recorded, WatchFollowsARunToItsEnd) {
  make_model();
  ASSERT_EQ(run(train("--epochs 2 -q")).code, 0);
  const Result watch = run("watch run.db");
  EXPECT_EQ(watch.code, 0);
  EXPECT_TRUE(contains(watch.out, "step      20  epoch   2  loss ")) << watch.out;
  EXPECT_TRUE(contains(watch.out, "epoch   2 done  loss ")) << watch.out;
  EXPECT_TRUE(contains(watch.out, "the run has ended: finished")) << watch.out;
}

TEST_F(Recorded, AFullDiskStopsTheRecordWithAWarningAndNotTheTraining) {
  make_model();
  // A limit on the size of a file, in blocks of 512 bytes: enough for the model, not for the record.
  const std::string command = "cd " + folder_.string() + " && (ulimit -f 400; " EVENFLOW_PROGRAM " " +
                              train("--epochs 400 --statistics full -o out.keras") + ") 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  std::string out;
  std::array<char, 4096> buffer;
  for (std::size_t n; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) out.append(buffer.data(), n);
  EXPECT_EQ(WEXITSTATUS(pclose(pipe)), 0) << out;
  EXPECT_TRUE(contains(out, "warning: 'run.db': ")) << out;
  EXPECT_TRUE(contains(out, "the training goes on")) << out;
  EXPECT_TRUE(contains(out, "saved out.keras")) << out;
  EXPECT_EQ(log_json()["outcome"], "running");
}

TEST_F(Recorded, WhatCannotBeRecordedIsSaidBeforeTheTraining) {
  make_model();
  const Result nowhere = run("train net.keras --data circles --record none/run.db 2>&1");
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_EQ(nowhere.out, "evenflow: cannot create 'none/run.db': No such file or directory\n");
  std::ofstream(path("run.db")) << "mine";
  const Result taken = run(train("2>&1"));
  EXPECT_EQ(taken.code, 2);
  EXPECT_TRUE(contains(taken.out, "'run.db' exists already")) << taken.out;
  EXPECT_FALSE(std::filesystem::exists(path("net-trained.keras")));
}

TEST_F(Recorded, ReplayNamesTheOperatorThatOverflowed) {
  ASSERT_EQ(run("new net.keras --input 2 --hidden 8x2 --activation linear --output 1 --loss mse --optimizer sgd "
                "--learning-rate 100 --seed 1")
                .code,
            0);
  const Result trained = run(train("--epochs 50 -q 2>&1"));
  EXPECT_EQ(trained.code, 1) << trained.out;  // stopped: the loss is not finite
  EXPECT_EQ(log_json()["outcome"], "not-finite");
  const Result replayed = run("replay run.db");
  EXPECT_EQ(replayed.code, 1) << replayed.out;
  EXPECT_TRUE(contains(replayed.out, "first   ")) << replayed.out;
  EXPECT_TRUE(contains(replayed.out, " of layer '")) << replayed.out;
  EXPECT_TRUE(contains(replayed.out, "backwards from there")) << replayed.out;
}

TEST_F(Recorded, TensorBoardFilesAreWrittenOnRequest) {
  make_model();
  ASSERT_EQ(run("train net.keras --data circles --epochs 1 -q --statistics full --tensorboard events").code, 0);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path("events"))) {
    EXPECT_TRUE(entry.path().filename().string().starts_with("events.out.tfevents."));
    EXPECT_GT(entry.file_size(), 1000u);
    ++files;
  }
  EXPECT_EQ(files, 1);
}

}  // namespace
}  // namespace evenflow
