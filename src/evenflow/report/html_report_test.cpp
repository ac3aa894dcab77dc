#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "evenflow/error.h"
#include "evenflow/report.h"
#include "evenflow/report/page.h"

namespace evenflow {
namespace {

ReportedRun long_run(std::size_t steps) {
  ReportedRun run{.name = "run </script> 1", .command = "evenflow train m.keras --data circles", .seed = 7};
  run.trace.parameters = {{.name = "dense/kernel", .layer = "dense", .elements = 12}};
  run.trace.layers = {{.name = "dense", .type = "Dense", .activation = "relu"}};
  for (std::size_t i = 0; i < steps; ++i) {
    RunStep step{
        .iteration = static_cast<std::int64_t>(i) + 1, .loss = 1.0 / static_cast<double>(i + 1), .global_norm = 2};
    ParameterStep parameter{.gradient_norm = 0.01, .weight_norm = 2, .update_norm = 0.002};
    parameter.exponents = {0, 0, 3, 5, 0};
    step.parameters.push_back(parameter);
    run.trace.steps.push_back(step);
  }
  return run;
}

TEST(ReportJson, HoldsTheRecordsNumbers) {
  const ReportedRun run = long_run(3);
  const Json json = report_json(std::span(&run, 1));
  EXPECT_EQ(json["schema"], "evenflow-report/1");
  const Json& shown = json["runs"][0];
  EXPECT_EQ(shown["steps"]["iteration"], Json({1, 2, 3}));
  EXPECT_EQ(shown["steps"]["loss"][1], 0.5);
  EXPECT_NEAR(shown["parameters"][0]["log10_gradient_norm"][0].get<double>(), -2, 1e-12);
  EXPECT_NEAR(shown["parameters"][0]["log10_update_ratio"][2].get<double>(), -3, 1e-12);
  EXPECT_EQ(shown["parameters"][0]["exponents"]["first"], kFirstExponent + 2);
  EXPECT_EQ(shown["parameters"][0]["exponents"]["counts"], Json({3.0, 5.0}));
  EXPECT_EQ(shown["verdict"][0], "The gradients of this run are healthy.");
}

TEST(ReportJson, ThinsLongRunsButKeepsWhatMatters) {
  ReportedRun run = long_run(10000);
  run.trace.steps[7777].loss = std::numeric_limits<double>::quiet_NaN();
  Finding finding{.rule = "gradient-spike", .severity = Severity::error};
  finding.onset = Finding::Onset{.layer = "dense", .step = 4321};
  run.findings = {finding};
  const Json json = report_json(std::span(&run, 1));
  const auto steps = json["runs"][0]["steps"]["iteration"].get<std::vector<std::int64_t>>();
  EXPECT_LT(steps.size(), 700u);
  for (const std::int64_t kept : {1, 4321, 7778, 10000}) {
    EXPECT_TRUE(std::find(steps.begin(), steps.end(), kept) != steps.end()) << kept;
  }
  EXPECT_EQ(json["runs"][0]["recorded_steps"], 10000);
}

TEST(HtmlReport, HoldsTheJsonWhereNothingCanBreakOut) {
  const ReportedRun run = long_run(2);
  const Json json = report_json(std::span(&run, 1));
  if (report_page().empty()) {
    EXPECT_THROW(html_report(json), Error);
    GTEST_SKIP() << "built without the page (npm was missing)";
  }
  const std::string html = html_report(json);
  const std::string begin = "id=\"evenflow-data\">";
  const std::size_t at = html.find(begin) + begin.size();
  const std::string data = html.substr(at, html.find("</script>", at) - at);
  EXPECT_EQ(Json::parse(data), json);
  // No outside requests.
  EXPECT_EQ(html.find("src=\"http"), std::string::npos);
  EXPECT_EQ(html.find("href=\"http"), std::string::npos);
}

}  // namespace
}  // namespace evenflow
