// The command line as scripts use it: the real program, its output, its files and its exit codes.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "command_line_test.h"

#include "evenflow/json.h"

namespace evenflow {
namespace {

TEST_F(CommandLine, DeepSigmoidNetworkHasAVanishingGradient) {
  make_deep_sigmoid();
  const Result check = run("check deep.keras");
  EXPECT_EQ(check.code, 1);
  EXPECT_TRUE(contains(check.out, "vanishing-gradient")) << check.out;
  EXPECT_TRUE(contains(check.out, "sigmoid's slope")) << check.out;
}

TEST_F(CommandLine, CheckJsonHasTheDocumentedShape) {
  make_deep_sigmoid();
  const Result check = run("check deep.keras --redraw 3 --json --fail-on never");
  ASSERT_EQ(check.code, 0);
  const Json json = Json::parse(check.out);
  EXPECT_EQ(json["schema_version"], 1);
  ASSERT_FALSE(json["findings"].empty());
  const Json& finding = json["findings"][0];
  EXPECT_EQ(finding["rule"], "vanishing-gradient");
  EXPECT_EQ(finding["severity"], "error");
  for (const char* key : {"layers", "evidence", "cause", "message"}) EXPECT_TRUE(finding.contains(key)) << key;
  // theory.md, row A02: -18.24 +- 0.06 at width 128 and 30 weight layers.
  EXPECT_NEAR(json["flow"]["total_decades"]["mean"].get<double>(), -18.24, 0.5);
  ASSERT_EQ(json["layers"].size(), 31u);  // with the input
  EXPECT_EQ(json["layers"][1]["activation"], "sigmoid");
}

TEST_F(CommandLine, FailOnDecidesTheExitCode) {
  make_deep_sigmoid();
  EXPECT_EQ(run("check deep.keras --fail-on never").code, 0);
  EXPECT_EQ(run("check deep.keras --fail-on warning").code, 1);
  ASSERT_EQ(run("new ok.keras --input 64 --hidden 128x29 --activation relu --initializer he_normal --output 10 "
                "--output-activation softmax --loss categorical_crossentropy")
                .code,
            0);
  const Result check = run("check ok.keras --fail-on info");
  EXPECT_EQ(check.code, 0) << check.out;
}

TEST_F(CommandLine, TrainsEvaluatesAndPredicts) {
  ASSERT_EQ(
      run("new model.keras --input 2 --hidden 16x2 --initializer he_normal --output 1 --output-activation sigmoid "
          "--loss binary_crossentropy --optimizer adam --learning-rate 0.01 --metrics accuracy")
          .code,
      0);
  const Result train =
      run("train model.keras --data circles:samples=600 --epochs 20 --validation-split 0.2 -o out.keras 2>&1");
  ASSERT_EQ(train.code, 0) << train.out;
  EXPECT_TRUE(contains(train.out, "val_accuracy")) << train.out;
  EXPECT_TRUE(contains(train.out, "|gradient|")) << train.out;
  EXPECT_FALSE(contains(train.out, "\033[")) << "no escape sequences where the output is no terminal";
  const Json evaluation = Json::parse(run("evaluate out.keras --data circles:samples=300,seed=9 --json").out);
  EXPECT_GT(evaluation["data"]["accuracy"].get<double>(), 0.9);
  const Result predict = run("predict out.keras --data circles:samples=10 -o p.csv");
  ASSERT_EQ(predict.code, 0);
  std::ifstream file(path("p.csv"));
  int lines = 0;
  for (std::string line; std::getline(file, line);) ++lines;
  EXPECT_EQ(lines, 11);
}

TEST_F(CommandLine, StopsEarlyAndKeepsTheBestModel) {
  ASSERT_EQ(
      run("new model.keras --input 2 --hidden 16x2 --initializer he_normal --output 1 --output-activation sigmoid "
          "--loss binary_crossentropy --optimizer adam --learning-rate 0.05 --metrics accuracy --seed 1")
          .code,
      0);
  const Result train =
      run("train model.keras --data moons:samples=200 --epochs 400 --validation-split 0.3 --early-stopping 5 "
          "--reduce-lr-on-plateau 3 --checkpoint best/{epoch:03d}.keras --csv-log log.csv --class-weight balanced "
          "-o out.keras 2>&1");
  ASSERT_EQ(train.code, 0) << train.out;
  EXPECT_TRUE(contains(train.out, "early stopping after epoch")) << train.out;
  std::ifstream file(path("log.csv"));
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "epoch,accuracy,loss,val_accuracy,val_loss\r");
  int epochs = 0;
  int best = 0;
  double lowest = 1e9;
  for (; std::getline(file, line); ++epochs) {
    const double loss = std::stod(line.substr(line.rfind(',') + 1));
    if (loss < lowest) best = epochs + 1;
    lowest = std::min(loss, lowest);
  }
  EXPECT_EQ(epochs, best + 5);
  char name[16];
  std::snprintf(name, sizeof name, "%03d", best);
  EXPECT_EQ(run("predict out.keras --data moons:samples=50").out,
            run(std::string("predict best/") + name + ".keras --data moons:samples=50").out);
}

TEST_F(CommandLine, AccumulatedGradientsAreThoseOfALargerBatch) {
  ASSERT_EQ(
      run("new model.keras --input 2 --hidden 8 --output 1 --output-activation sigmoid --loss mse --optimizer sgd "
          "--learning-rate 0.5 --seed 1")
          .code,
      0);
  const char* data = "--data moons:samples=64 --epochs 3 --no-shuffle -q ";
  ASSERT_EQ(run(std::string("train model.keras -o a.keras --batch-size 32 ") + data).code, 0);
  ASSERT_EQ(run(std::string("train model.keras -o b.keras --batch-size 8 --gradient-accumulation 4 ") + data).code, 0);
  const Json a = Json::parse(run("evaluate a.keras --data moons:samples=64 --json").out);
  const Json b = Json::parse(run("evaluate b.keras --data moons:samples=64 --json").out);
  EXPECT_NEAR(a["data"]["loss"].get<double>(), b["data"]["loss"].get<double>(), 1e-5);
}

TEST_F(CommandLine, SameSeedSameModel) {
  ASSERT_EQ(
      run("new a.keras --input 2 --hidden 16x2 --output 1 --output-activation sigmoid --dropout 0.2 --seed 4").code, 0);
  for (const char* out : {"b.keras", "c.keras"}) {
    ASSERT_EQ(run(std::string(
                      "train a.keras -q --data moons:samples=200 --loss binary_crossentropy --epochs 3 --seed 5 -o ") +
                  out)
                  .code,
              0);
  }
  EXPECT_EQ(run("predict b.keras --data moons:samples=50").out, run("predict c.keras --data moons:samples=50").out);
}

TEST_F(CommandLine, InterruptStopsAfterTheStepAndSaves) {
  ASSERT_EQ(run("new a.keras --input 2 --hidden 64x4 --output 1 --output-activation sigmoid").code, 0);
  const pid_t child = fork();
  if (child == 0) {
    if (chdir(folder_.c_str()) != 0) _exit(99);
    std::freopen("/dev/null", "w", stderr);
    execl(EVENFLOW_PROGRAM, "evenflow", "train", "a.keras", "--data", "moons:samples=20000", "--loss",
          "binary_crossentropy", "--epochs", "100000", "-o", "stopped.keras", static_cast<char*>(nullptr));
    _exit(98);
  }
  std::this_thread::sleep_for(std::chrono::seconds(2));
  kill(child, SIGINT);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_EQ(run("info stopped.keras").code, 0);
}

TEST_F(CommandLine, DivergenceIsReportedAndWritesNothing) {
  ASSERT_EQ(run("new a.keras --input 2 --hidden 64x4 --output 1 --loss mse --learning-rate 1e6").code, 0);
  const Result train = run("train a.keras --data blobs:samples=500 --epochs 50 -o out.keras 2>&1");
  EXPECT_EQ(train.code, 1) << train.out;
  EXPECT_TRUE(contains(train.out, "training stopped")) << train.out;
  EXPECT_FALSE(std::filesystem::exists(path("out.keras")));
}

TEST_F(CommandLine, WrongInputIsExplainedAndExitsWithTwo) {
  const auto explains = [&](const std::string& arguments, const std::string& expected) {
    const Result result = run(arguments + " 2>&1");
    EXPECT_EQ(result.code, 2) << arguments << "\n" << result.out;
    EXPECT_TRUE(contains(result.out, expected)) << arguments << "\n" << result.out;
  };
  explains("chekc", "chekc");
  explains("check missing.keras", "missing.keras");
  explains("new x.keras --input 4 --hidden 8 --activation rleu", "relu");
  explains("new x.keras --input 4 --hidden 8 --initializer he_norml", "he_normal");
  explains("new x.keras --input 4 --hidden 8 --optimizer adm", "adam");
  explains("new x.keras --input 4 --hidden 8 --clipnorm 1 --clipvalue 1", "clipvalue");
  explains("new x.keras --input 4 --hidden 8y3", "--hidden");
  ASSERT_EQ(run("new ok.keras --input 4 --hidden 8 --output 3 --output-activation softmax").code, 0);
  explains("train ok.keras --data circels", "circles");
  explains("train ok.keras --data blobs:features=4,centers=3 --class-weight 0=2", "CLASS:WEIGHT");
  explains("train ok.keras --data blobs:features=4,centers=3 --early-stopping 2 --monitor val_los", "val_los");
  explains("train ok.keras --data circles", "(4)");
  std::ofstream(path("broken.keras")) << "PK\x03\x04 this is no archive";
  explains("info broken.keras", "broken.keras");
}

TEST_F(CommandLine, EveryCommandHasHelpWithAnExample) {
  for (const char* command : {"new", "check", "train", "evaluate", "predict", "info", "data"}) {
    const Result help = run(std::string(command) + " --help");
    EXPECT_EQ(help.code, 0) << command;
    EXPECT_TRUE(contains(help.out, "Example: evenflow")) << command;
  }
  EXPECT_TRUE(contains(run("--version").out, "evenflow "));
}

TEST_F(CommandLine, AFailedWriteLeavesTheOldFile) {
  ASSERT_EQ(run("new a.keras --input 4 --hidden 512x3 --seed 1").code, 0);
  const std::string before = run("predict a.keras --data gaussian:features=4,samples=3").out;
  // A limit on the size of files stands for a full disk (blocks of 512 or 1024 bytes).
  EXPECT_EQ(run("new b.keras --input 4 --hidden 8 -q && (trap '' XFSZ; ulimit -f 100; " EVENFLOW_PROGRAM
                " new a.keras --input 4 --hidden 512x3 --seed 2) 2>/dev/null")
                .code,
            2);
  EXPECT_EQ(run("predict a.keras --data gaussian:features=4,samples=3").out, before);
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    EXPECT_TRUE(name == "a.keras" || name == "b.keras") << "left behind: " << name;
  }
}

}  // namespace
}  // namespace evenflow
