// evenflow report: a recorded training as one HTML file.
#include <gtest/gtest.h>

#include <filesystem>

#include "command_line_test.h"

namespace evenflow {
namespace {

TEST_F(CommandLine, ReportTellsOfARecordedRun) {
  ASSERT_EQ(run("new small.keras --input 2 --hidden 8x3 --activation tanh --output 1 --output-activation sigmoid "
                "--loss binary_crossentropy")
                .code,
            0);
  ASSERT_EQ(run("train small.keras --data circles:samples=200 --epochs 2 --record run.sqlite --statistics full "
                "-o out.keras")
                .code,
            0);
  const Result report = run("report run.sqlite --before small.keras --after out.keras -o report.html 2>&1");
  if (contains(report.out, "built without the report's page")) GTEST_SKIP() << "npm was missing when this was built";
  ASSERT_EQ(report.code, 0) << report.out;
  EXPECT_TRUE(contains(report.out, "Wrote report.html")) << report.out;
  EXPECT_GT(std::filesystem::file_size(path("report.html")), 100000u);
  EXPECT_EQ(run("report nothing.sqlite -o other.html").code, 2);
}

}  // namespace
}  // namespace evenflow
