// evenflow check: does the gradient reach every layer?
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>

#include "evenflow/cli/command.h"
#include "evenflow/cli/compile_options.h"
#include "evenflow/cli/model_file.h"
#include "evenflow/data.h"
#include "evenflow/health.h"
#include "evenflow/health/counterfactual.h"
#include "evenflow/report.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  ModelFile file;
  std::string data;
  CompileOverrides compile;
  int batch_size = 32;
  int batches = 4;
  int redraws = 0;
  std::uint64_t seed = 0;
  bool json = false;
  std::string fail_on = "error";
};

bool fails(std::span<const Finding> findings, std::string_view fail_on) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
    return fail_on == "info" || (fail_on == "warning" && finding.severity >= Severity::warning) ||
           (fail_on == "error" && finding.severity == Severity::error);
  });
}

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

int run(const Options& o, const Common& common) {
  const auto start = std::chrono::steady_clock::now();
  SavedModel saved = load(o.file);
  saved.model.name = file_name(o.file.model);
  std::vector<std::string> notes;
  complete_compile(saved.model, o.compile, notes);
  std::optional<Dataset> data;
  if (!o.data.empty()) data = fit_to_model(load_data(o.data), saved.model, &notes);
  if (!common.quiet) {
    for (const std::string& note : notes) fmt::print(stderr, "note: {}\n", note);
  }

  const ProbeOptions options{.data = data ? &*data : nullptr,
                             .batch_size = o.batch_size,
                             .batches = o.batches,
                             .redraws = o.redraws,
                             .seed = o.seed};
  const Trace trace = probe(saved, options);
  std::vector<std::string> silences;
  std::vector<Finding> findings = examine(trace, &silences);
  add_counterfactuals(saved, options, trace, findings);
  if (o.json) {
    fmt::print("{}\n", check_json(trace, findings).dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    fmt::print("{}", check_text(trace, findings, {.color = common.color, .width = common.width}, silences));
    const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
    if (!common.quiet) fmt::print("Checked in {:.0f} ms.\n", spent.count());
  }
  return fails(findings, o.fail_on) ? 1 : 0;
}

std::function<int()> setup(CLI::App& app, const Common& common) {
  auto o = std::make_shared<Options>();
  add_model_file(app, o->file);
  app.add_option("--data", o->data,
                 "Data file or generated set; without it: standard normal inputs, and a random gradient at the output");
  app.add_option("--batch-size", o->batch_size, "Samples per batch")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--batches", o->batches, "Batches to measure")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--redraw", o->redraws, "Measure N fresh draws of the initial weights instead of the file's weights")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--seed", o->seed, "Seed of batches and draws")->capture_default_str();
  app.add_flag("--json", o->json, "Print JSON (docs/check.schema.json)");
  app.add_option("--fail-on", o->fail_on, "Exit with 1 for findings of this severity or worse")
      ->check(CLI::IsMember({"info", "warning", "error", "never"}))
      ->capture_default_str();
  add_compile_options(app, o->compile);
  app.footer("Example: evenflow check deep.keras --data circles --redraw 10");
  return [o, &common] { return run(*o, common); };
}

}  // namespace

extern const Command check;
const Command check{
    .id = "check", .summary = "Measures every layer's gradient and names what is wrong", .setup = setup};

}  // namespace evenflow::cli::commands
