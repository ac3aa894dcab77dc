// evenflow report: recorded runs as one HTML file.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "evenflow/base/files.h"
#include "evenflow/base/text.h"
#include "evenflow/cli/command.h"
#include "evenflow/data.h"
#include "evenflow/format.h"
#include "evenflow/health/counterfactual.h"
#include "evenflow/report.h"
#include "evenflow/serve/run_library.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  std::vector<std::string> runs;
  std::string output = "report.html";
  std::string before;
  std::string after;
  std::string data;
};

// A network at rest, probed with the data of the run, and what the rules say of it.
struct AtRest {
  Trace trace;
  std::vector<Finding> findings;
};
std::optional<AtRest> probe_file(const std::string& file, const std::string& data) {
  if (file.empty()) return std::nullopt;
  SavedModel saved = load_model(file);
  saved.model.name = std::filesystem::path(file).filename().string();
  std::optional<Dataset> set;
  if (!data.empty()) set = fit_to_model(load_data(data), saved.model);
  const ProbeOptions options{.data = set ? &*set : nullptr};
  AtRest result{.trace = probe(saved, options)};
  result.findings = examine(result.trace);
  add_counterfactuals(saved, options, result.trace, result.findings);
  return result;
}

// Of the network at rest: what the run does not say, and the causes of what it says without any.
void add_findings(ReportedRun& run, std::vector<Finding> at_rest) {
  for (Finding& finding : at_rest) {
    const auto same = std::find_if(run.findings.begin(), run.findings.end(),
                                   [&](const Finding& one) { return one.rule == finding.rule; });
    if (same == run.findings.end()) {
      run.findings.push_back(std::move(finding));
    } else if (same->cause.empty()) {
      same->cause = std::move(finding.cause);
      same->experiment = std::move(finding.experiment);
    }
  }
  std::stable_sort(run.findings.begin(), run.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
}

ReportedRun read(const std::string& path, const Options& o) {
  const RunReader reader(path);
  const std::string data = o.data.empty() ? reader.info("data") : o.data;
  std::optional<AtRest> before = probe_file(o.before, data);
  std::optional<Trace> start;
  if (before) start = std::move(before->trace);
  ReportedRun run = serve::reported_run(reader, std::filesystem::path(path).filename().string(), std::move(start));
  if (before) add_findings(run, std::move(before->findings));
  if (std::optional<AtRest> after = probe_file(o.after, data)) run.end = std::move(after->trace);
  return run;
}

int run(const Options& o, const Common& common) {
  if (o.runs.size() > 1 && !(o.before.empty() && o.after.empty())) {
    fail(ErrorKind::usage, "--before and --after go with one run, not {}", o.runs.size());
  }
  std::vector<ReportedRun> runs;
  for (const std::string& path : o.runs) runs.push_back(read(path, o));
  const std::string html = html_report(report_json(runs));
  write_file(o.output, html);
  if (!common.quiet) fmt::print("Wrote {} ({} kB).\n", o.output, html.size() / 1024);
  return 0;
}

std::function<int()> setup(CLI::App& app, const Common& common) {
  auto o = std::make_shared<Options>();
  app.add_option("RUN", o->runs, "Records of runs (evenflow train --record); several are compared")->required();
  app.add_option("-o,--output", o->output, "File to write")->capture_default_str();
  app.add_option("--before", o->before, "Model file the run began with: shows the signal through depth at its start");
  app.add_option("--after", o->after, "Model file the run ended with: shows it at the end");
  app.add_option("--data", o->data, "Data for --before and --after (default: the run's own)");
  app.footer("Example: evenflow report run.sqlite --before deep.keras --after trained.keras -o report.html");
  return [o, &common] { return run(*o, common); };
}

}  // namespace

extern const Command report;
const Command report{.id = "report", .summary = "Writes recorded runs as one HTML file with pictures", .setup = setup};

}  // namespace evenflow::cli::commands
