#include "evenflow/health/run_summary.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenflow/health/runs_test.h"

namespace evenflow {
namespace {

TEST(RunSummary, MediansOfTheLastRecords) {
  RunTrace run = runs::healthy(200);
  for (std::size_t i = 0; i < 200; ++i) {
    RunStep& step = run.steps[i];
    step.layers[1].saturated = i < 180 ? 0.1 : 0.9;
    step.parameters[2].gradient_norm = i < 180 ? 1 : 1e-30;
    step.parameters[2].update_norm = i < 180 ? 8 : 8e-6;
    step.layers[0].gradient_norm = 0;
  }
  const Trace trace = recent(run);
  ASSERT_EQ(trace.layers.size(), 3u);
  EXPECT_EQ(trace.path, (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(trace.layers[1].saturated, 0.9);
  EXPECT_NEAR(*trace.layers[1].weight_gradient_norm, -30, 1e-9);
  EXPECT_NEAR(*trace.layers[1].update_ratio, 1e-6, 1e-12);
  EXPECT_EQ(trace.layers[0].backward_norm, kZeroNorm);
  EXPECT_EQ(trace.layers[2].dead, std::nullopt);
  EXPECT_EQ(trace.layers[0].parameters, 4096 + 64);
}

TEST(RunSummary, TakesOutputsFromTheStepsThatHaveThem) {
  RunTrace run = runs::healthy(100);
  for (std::size_t i = 0; i < 100; ++i) {
    if (i % 16 != 0) run.steps[i].layers.clear();
    run.steps[i].loss = NAN;
  }
  EXPECT_EQ(recent(run).layers[0].dead, 0.05);
  EXPECT_TRUE(recent(RunTrace{}).layers.empty());
}

}  // namespace
}  // namespace evenflow
