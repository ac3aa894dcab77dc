// evenflow cure as scripts use it. Budgets are in epochs: the same is tried on every machine.
#include <filesystem>
#include <string>

#include "command_line_test.h"
#include "evenflow/json.h"

namespace evenflow {
namespace {

class CureStory : public CommandLine {
 protected:
  void make(const std::string& hidden, const std::string& activation, const std::string& initializer) const {
    ASSERT_EQ(run("new net.keras --input 2 --hidden " + hidden + " --activation " + activation + " --initializer " +
                  initializer +
                  " --output 1 --output-activation sigmoid --loss binary_crossentropy --optimizer adam "
                  "--learning-rate 0.01 --metrics accuracy")
                  .code,
              0);
  }

  bool exists(const std::string& name) const { return std::filesystem::exists(folder_ / name); }
};

constexpr char kData[] = "circles:samples=600,noise=0.05,seed=1";

TEST_F(CureStory, ASickNetworkIsCuredAndItsFileTrains) {
  make("16x12", "sigmoid", "glorot_uniform");
  EXPECT_EQ(run(std::string("check net.keras -q --data ") + kData).code, 1);
  const Result cure = run(std::string("cure net.keras --data ") + kData +
                          " --epochs 40 --budget 500epochs --seeds 3 --with-weights -o cured.keras 2>&1");
  EXPECT_EQ(cure.code, 0) << cure.out;
  EXPECT_TRUE(contains(cure.out, "cured")) << cure.out;
  EXPECT_TRUE(contains(cure.out, "keras.")) << cure.out;
  ASSERT_TRUE(exists("cured.keras"));
  EXPECT_EQ(run("info cured.keras").code, 0);
  const Result evaluation = run(std::string("evaluate cured.keras --data ") + kData);
  EXPECT_EQ(evaluation.code, 0) << evaluation.out;
}

TEST_F(CureStory, JsonHoldsTheVerdictAndAllThatWasTried) {
  make("16x12", "sigmoid", "glorot_uniform");
  const Result cure = run(std::string("cure net.keras -q --json --data ") + kData +
                          " --epochs 40 --budget 500epochs --seeds 3 --only activation -o cured.keras");
  ASSERT_EQ(cure.code, 0) << cure.out;
  const Json json = Json::parse(cure.out);
  EXPECT_EQ(json["verdict"], "cured");
  EXPECT_EQ(json["tried"][0]["remedies"].size(), 0u);
  const Json& winner = json["tried"][json["winner"].get<std::size_t>()];
  EXPECT_GT(winner["gain"]["low"].get<double>(), 0);
  EXPECT_EQ(winner["proof"].size(), 3u);
}

TEST_F(CureStory, AHealthyNetworkIsLeftAlone) {
  make("16x2", "relu", "he_normal");
  const Result cure = run(std::string("cure net.keras --data ") + kData +
                          " --epochs 40 --budget 300epochs --seeds 3 -o cured.keras 2>&1");
  EXPECT_EQ(cure.code, 0) << cure.out;
  EXPECT_TRUE(contains(cure.out, "no cure needed")) << cure.out;
  EXPECT_FALSE(exists("cured.keras"));
}

TEST_F(CureStory, ADryRunTrainsNoCandidateAndWritesNothing) {
  make("16x12", "sigmoid", "glorot_uniform");
  const Result plan = run(std::string("cure net.keras --dry-run --data ") + kData);
  EXPECT_EQ(plan.code, 0);
  EXPECT_TRUE(contains(plan.out, "relu")) << plan.out;
  EXPECT_TRUE(contains(plan.out, "vanishing-gradient")) << plan.out;
  EXPECT_FALSE(exists("net-cured.keras"));
}

TEST_F(CureStory, WrongUseIsExitCode2) {
  make("16x2", "relu", "he_normal");
  EXPECT_EQ(run(std::string("cure net.keras 2>&1 --data ") + kData + " --only cliping").code, 2);
  EXPECT_TRUE(contains(run(std::string("cure net.keras 2>&1 --data ") + kData + " --only cliping").out, "clipping"));
  EXPECT_EQ(run(std::string("cure net.keras 2>&1 --data ") + kData + " --budget 5parsecs").code, 2);
  EXPECT_EQ(run(std::string("cure net.keras 2>&1 --data ") + kData + " --keep dens").code, 2);
}

}  // namespace
}  // namespace evenflow
