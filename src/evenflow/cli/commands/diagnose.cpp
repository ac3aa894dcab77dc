// evenflow diagnose: judges a recorded run with today's rules.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

#include "evenflow/cli/command.h"
#include "evenflow/health.h"
#include "evenflow/health/recorded_run.h"
#include "evenflow/health/run_summary.h"
#include "evenflow/report.h"
#include "evenflow/report/layer_rows.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  std::string run;
  std::string fail_on = "error";
};

int run(const Options& o, const Common& common) {
  std::vector<std::string> silences;
  const RunTrace recorded = recorded_run(RunReader(o.run));
  const std::vector<Finding> findings = examine(recorded, &silences);
  const TextStyle style{.color = common.color, .width = common.width};
  if (has_statistics(recorded)) fmt::print("{}\n", layer_rows(recent(recorded), style));
  fmt::print("{}", findings_text(findings, style, silences));
  const auto counts = [&](const Finding& finding) {
    return (o.fail_on == "info") || (o.fail_on == "warning" && finding.severity >= Severity::warning) ||
           (o.fail_on == "error" && finding.severity == Severity::error);
  };
  return std::any_of(findings.begin(), findings.end(), counts) ? 1 : 0;
}

std::function<int()> setup(CLI::App& app, const Common& common) {
  auto o = std::make_shared<Options>();
  app.add_option("RUN", o->run, "Record of a run")->required();
  app.add_option("--fail-on", o->fail_on, "Exit with 1 for findings of this severity or worse")
      ->check(CLI::IsMember({"info", "warning", "error", "never"}))
      ->capture_default_str();
  app.footer("Example: evenflow diagnose run.sqlite");
  return [o, &common] { return run(*o, common); };
}

}  // namespace

extern const Command diagnose;
const Command diagnose{
    .id = "diagnose", .summary = "Judges a recorded training, with a row for each layer", .setup = setup};

}  // namespace evenflow::cli::commands
