#include "evenflow/health/run_watcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "evenflow/health/runs_test.h"

namespace evenflow {
namespace {

void feed(RunWatcher& watcher, const RunTrace& run) {
  for (const RunStep& step : run.steps) {
    std::vector<ParameterReport> parameters;
    for (std::size_t i = 0; i < step.parameters.size(); ++i) {
      const ParameterStep& p = step.parameters[i];
      parameters.push_back({.name = run.parameters[i].name,
                            .gradient_norm = p.gradient_norm,
                            .non_finite = p.non_finite,
                            .weight_norm = p.weight_norm,
                            .update_norm = p.update_norm});
    }
    StepReport report{.epoch = step.epoch, .steps = 50, .iteration = static_cast<std::uint64_t>(step.iteration)};
    report.loss = step.loss;
    report.global_norm = step.global_norm;
    report.learning_rate = step.learning_rate;
    report.parameters = parameters;
    watcher.on_step(report);
  }
}

RunTrace empty_like(RunTrace run) {
  run.steps.clear();
  return run;
}

TEST(RunWatcher, HealthyRunSaysNothing) {
  const RunTrace run = runs::healthy(1000);
  RunWatcher watcher(empty_like(run), [](const Finding& finding) { ADD_FAILURE() << one_line(finding); });
  feed(watcher, run);
  EXPECT_EQ(watcher.run().steps.size(), 1000u);
}

TEST(RunWatcher, TellsAFindingOnceAndAgainWhenItGetsWorse) {
  RunTrace run = runs::healthy(1000);
  run.steps[200].global_norm *= 1000;
  for (std::size_t i = 600; i < 1000; ++i) run.steps[i].loss *= 50;
  std::vector<std::string> told;
  RunWatcher watcher(empty_like(run), [&](const Finding& finding) { told.push_back(one_line(finding)); });
  feed(watcher, run);
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.front().find("warning gradient-spike since step 200"), 0u) << told.front();
  EXPECT_EQ(std::count_if(told.begin(), told.end(),
                          [](const std::string& t) { return t.find("gradient-spike") != std::string::npos; }),
            1);
  EXPECT_TRUE(std::any_of(told.begin(), told.end(),
                          [](const std::string& t) { return t.find("unstable-loss") != std::string::npos; }));
}

TEST(RunWatcher, NotANumberIsToldAtOnce) {
  RunTrace run = runs::healthy(10);
  run.steps[9].loss = std::numeric_limits<double>::quiet_NaN();
  int told = 0;
  RunWatcher watcher(empty_like(run), [&](const Finding& finding) { told += finding.rule == "non-finite" ? 1 : 0; });
  feed(watcher, run);
  EXPECT_EQ(told, 1);
}

TEST(RunWatcher, LongRunsStaySmall) {
  const RunTrace run = runs::healthy(20000);
  RunWatcher watcher(empty_like(run), [](const Finding& finding) { ADD_FAILURE() << one_line(finding); });
  feed(watcher, run);
  EXPECT_LT(watcher.run().steps.size(), 9000u);
}

}  // namespace
}  // namespace evenflow
