// evenflow cure: the smallest change that makes a network train, proved by training both.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/cli/app.h"
#include "evenflow/cli/command.h"
#include "evenflow/cli/compile_options.h"
#include "evenflow/cure.h"
#include "evenflow/data.h"
#include "evenflow/format.h"
#include "evenflow/report.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  std::string model;
  std::string data;
  std::string out;
  CompileOverrides compile;
  int epochs = 10;
  int batch_size = 32;
  int seeds = 5;
  std::uint64_t seed = 0;
  std::string budget;
  std::vector<std::string> only;
  std::vector<std::string> keep;
  bool with_weights = false;
  bool dry_run = false;
  bool json = false;
};

std::string default_output(const std::string& model) {
  const std::filesystem::path path(model);
  return (path.parent_path() / (path.stem().string() + "-cured.keras")).string();
}

std::vector<RemedyKind> kinds(const std::vector<std::string>& names) {
  const std::vector<std::string> known(kRemedyKinds.begin(), kRemedyKinds.end());
  std::vector<RemedyKind> result;
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      const std::string near = nearest(name, known);
      fail(ErrorKind::usage, "--only {}: there is no such kind of remedy{}; there are {}", name,
           near.empty() ? "" : fmt::format("; did you mean '{}'?", near), join(known));
    }
    result.push_back(static_cast<RemedyKind>(found - known.begin()));
  }
  return result;
}

// "60s", "2m", "20epochs".
void read_budget(const std::string& text, CureOptions& options) {
  const std::size_t unit = text.find_first_not_of("0123456789.");
  const std::string number = text.substr(0, unit);
  const std::string name = unit == std::string::npos ? "" : text.substr(unit);
  const bool known = name == "s" || name == "m" || name == "epochs" || name == "epoch";
  const double value = known && !number.empty() ? parse_number(number, "--budget") : 0;
  if (!(value > 0)) fail(ErrorKind::usage, "--budget {}: expected a time or epochs, such as 60s, 2m or 20epochs", text);
  if (name == "s" || name == "m") {
    options.seconds = name == "m" ? 60 * value : value;
  } else {
    options.epochs = value;
  }
}

int exit_code(const Outcome& outcome) {
  switch (outcome.verdict) {
    case Outcome::Verdict::cured:
    case Outcome::Verdict::no_cure_needed:
    case Outcome::Verdict::planned:
      return 0;
    case Outcome::Verdict::not_improved:
    case Outcome::Verdict::data:
      return 1;
    case Outcome::Verdict::interrupted:
      return interrupted() ? 130 : 1;
  }
  return 3;
}

// Without weights of the proof: fresh ones of the cured model's own initializers.
void write_cured(const Options& o, const std::string& out, CureResult& result) {
  const Model& model = result.outcome.cured.model;
  if (o.with_weights && result.trained) {
    save_model(out, *result.trained);
  } else {
    save_model(out, {.model = model, .weights = initialize(model, o.seed)});
  }
}

int run(const Options& o, const Common& common) {
  SavedModel saved = load_model(o.model);
  std::vector<std::string> notes;
  complete_compile(saved.model, o.compile, notes);
  const Dataset data = fit_to_model(load_data(o.data), saved.model, &notes);
  if (!common.quiet) {
    for (const std::string& note : notes) fmt::print(stderr, "note: {}\n", note);
  }
  CureOptions options{
      .only = kinds(o.only), .keep = o.keep, .seeds = o.seeds, .plan_only = o.dry_run, .stop = &interrupted()};
  if (!o.budget.empty()) read_budget(o.budget, options);
  const std::string out = o.out.empty() ? default_output(o.model) : o.out;
  options.journal = out + ".search";
  if (!common.quiet) options.progress = [](std::string_view line) { fmt::print(stderr, "{}\n", line); };

  CureResult result = evenflow::cure(
      {.model = saved.model, .data = o.data, .epochs = o.epochs, .batch_size = o.batch_size, .seed = o.seed}, data,
      options);
  Outcome& outcome = result.outcome;
  const bool cured = outcome.verdict == Outcome::Verdict::cured;
  if (cured) write_cured(o, out, result);
  if (o.json) {
    fmt::print("{}\n", to_json(outcome).dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    outcome.original.model.name = std::filesystem::path(o.model).filename().string();
    fmt::print("{}", cure_text(outcome, {.color = common.color, .width = common.width}));
    if (!common.quiet && cured)
      fmt::print("saved {} ({})\n", out, o.with_weights ? "trained weights" : "fresh weights");
    if (!common.quiet && std::filesystem::exists(options.journal)) {
      fmt::print("what was learned is in {}: the same command{} goes on from there\n", options.journal.string(),
                 interrupted() ? "" : " with a larger --budget");
    } else if (!common.quiet && !cured && !o.dry_run) {
      fmt::print("nothing saved\n");
    }
  }
  return exit_code(outcome);
}

std::function<int()> setup(CLI::App& app, const Common& common) {
  auto o = std::make_shared<Options>();
  app.add_option("MODEL", o->model, "Model file (.keras, .h5)")->required();
  app.add_option("--data", o->data, "Data file or generated set with targets")->required();
  app.add_option("-o,--output", o->out, "Cured model (default: MODEL-cured.keras); written only when there is a cure");
  app.add_flag("--with-weights", o->with_weights, "Save the weights that the proof trained, not fresh ones");
  app.add_option("--epochs", o->epochs, "Epochs of one training as you would run it")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--batch-size", o->batch_size, "Samples per step")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--budget", o->budget,
                 "Time (60s, 2m) or epochs of all trainings together (20epochs); default: the time of one training, at "
                 "least 5s");
  app.add_option("--only", o->only, "Kinds of remedy, e.g. clipping,initialization")->delimiter(',');
  app.add_option("--keep", o->keep, "Layers that are not touched")->delimiter(',');
  app.add_option("--seeds", o->seeds, "Trainings of the original and of each finalist in the proof")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  app.add_option("--seed", o->seed, "Seed of everything that is drawn")->capture_default_str();
  app.add_flag("--dry-run", o->dry_run, "Show what would be tried; train no candidate, write nothing");
  app.add_flag("--json", o->json, "Print JSON (docs/cure.md describes it)");
  add_compile_options(app, o->compile);
  app.footer(
      "Exit codes: 0 cured or no cure needed, 1 not improved, 2 wrong usage or bad input, 3 internal fault,\n"
      "130 interrupted (what is known so far is printed).\n"
      "Example: evenflow cure deep.keras --data circles --epochs 50 -o cured.keras");
  return [o, &common] { return run(*o, common); };
}

}  // namespace

// The library's function has the same name.
extern const Command cure;
const Command cure{
    .id = "cure", .summary = "Finds the smallest change that makes a network train, and proves it", .setup = setup};

}  // namespace evenflow::cli::commands
