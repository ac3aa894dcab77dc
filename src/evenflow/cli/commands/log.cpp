// evenflow log: what a run record holds.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cmath>
#include <memory>

#include "evenflow/base/json_text.h"
#include "evenflow/base/text.h"
#include "evenflow/cli/command.h"
#include "evenflow/record.h"
#include "evenflow/report/layout.h"
#include "evenflow/train/record/schema.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  std::string run;
  bool layers = false;
  bool json = false;
  bool csv = false;
  int rows = 20;
};

using layout::short_number;

std::string cell(double value) {
  return std::isnan(value) ? "-" : short_number(value);
}

void print_table(const std::vector<layout::Column>& all, std::size_t rows, int width) {
  const std::vector<layout::Column> columns = layout::fit(all, width);
  fmt::print("{}\n", layout::header(columns));
  for (std::size_t i = 0; i < rows; ++i) fmt::print("{}\n", layout::row(columns, i));
}

// ---- Text

void print_heading(const RunReader& run, const Options& o, std::size_t steps) {
  const std::string model = run.info("model");
  fmt::print("{}   {}   {}, {} steps, statistics: {}", printable(o.run), printable(run.info("outcome")),
             model.empty() ? "no step yet" : printable(run.model().name), steps, printable(run.info("statistics")));
  if (const std::string interval = run.info("statistics_interval"); interval != "1") fmt::print(" every {}", interval);
  fmt::print("\nstarted {}   data {}   seed {}\n", printable(run.info("started")), printable(run.info("data")),
             printable(run.info("seed")));
  if (const std::string dropped = run.info("dropped_details"); !dropped.empty()) {
    fmt::print("the details of {} steps were dropped: they came faster than the disk took them\n", printable(dropped));
  }
  fmt::print("\n");
}

// At most `rows` of them, evenly chosen, the first and the last among them.
std::vector<const RecordedStep*> chosen(const std::vector<RecordedStep>& steps, int rows) {
  std::vector<const RecordedStep*> some;
  const std::size_t count = std::min(steps.size(), static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < count; ++i) {
    some.push_back(&steps[count == 1 ? steps.size() - 1 : i * (steps.size() - 1) / (count - 1)]);
  }
  return some;
}

void print_steps(const std::vector<RecordedStep>& steps, const Options& o, const Common& common) {
  std::vector<layout::Column> columns{
      {.title = "step", .importance = 9},       {.title = "epoch", .importance = 3},
      {.title = "loss", .importance = 8},       {.title = "|gradient|", .importance = 7},
      {.title = "clipped to", .importance = 4}, {.title = "learning rate", .importance = 5},
      {.title = "seconds", .importance = 1}};
  const std::vector<const RecordedStep*> some = chosen(steps, o.rows);
  for (const RecordedStep* step : some) {
    const StepReport& n = step->numbers;
    const double factor = n.clip_factor;
    const std::string cells[] = {std::to_string(n.iteration),
                                 std::to_string(n.epoch + 1),
                                 cell(n.loss),
                                 cell(n.global_norm),
                                 factor < 1 ? cell(n.global_norm * factor) : "",
                                 cell(n.learning_rate),
                                 fmt::format("{:.2f}", step->seconds)};
    for (std::size_t c = 0; c < columns.size(); ++c) columns[c].cells.push_back(cells[c]);
  }
  print_table(columns, some.size(), common.width);
}

template <class T>
void print_reports(std::span<const T> reports, std::string_view title, const Common& common) {
  std::vector<layout::Column> columns{{.title = std::string(title), .left = true, .importance = 99}};
  T empty{};
  record::visit_numbers(empty, [&](const char* name, double) {
    columns.push_back({.title = name, .importance = 50 - static_cast<int>(columns.size())});
  });
  for (const T& report : reports) {
    columns[0].cells.push_back(printable(report.name));
    std::size_t c = 1;
    record::visit_numbers(report, [&](const char*, double value) { columns[c++].cells.push_back(cell(value)); });
  }
  print_table(columns, reports.size(), common.width);
}

void print_details(const RunReader& run, const Common& common) {
  const std::optional<RecordedStep> measured = run.last_measured_step();
  if (!measured) {
    fmt::print("no step was measured\n");
    return;
  }
  fmt::print("step {}\n\n", measured->numbers.iteration);
  print_reports<ParameterReport>(measured->parameters, "parameter", common);
  if (measured->layers.empty()) return;
  fmt::print("\n");
  print_reports<LayerReport>(measured->layers, "layer", common);
}

void print_text(const RunReader& run, const Options& o, const Common& common) {
  const std::vector<RecordedStep> steps = run.steps({.details_every = 0});
  print_heading(run, o, steps.size());
  if (o.layers) {
    print_details(run, common);
  } else if (!steps.empty()) {
    print_steps(steps, o, common);
  }
  const std::vector<EpochReport> epochs = run.epochs();
  if (!epochs.empty()) {
    fmt::print("\nlast epoch ({})", epochs.back().epoch + 1);
    for (const auto& [name, value] : epochs.back().logs) fmt::print("  {} {}", printable(name), cell(value));
    fmt::print("\n");
  }
  const std::vector<RunEvent> events = run.events();
  if (!events.empty()) fmt::print("\n");
  for (const RunEvent& event : events) {
    fmt::print("step {:>6}  {:12} {}\n", event.iteration, printable(event.kind), printable(event.text));
  }
  const auto findings = run.findings();
  if (!findings.empty()) fmt::print("\n");
  for (const auto& [iteration, finding] : findings) {
    fmt::print("step {:>6}  {}: {}  {}\n", iteration, printable(finding.value("severity", "")),
               printable(finding.value("rule", "")), printable(finding.value("message", "")));
  }
}

// ---- JSON and CSV

template <class T>
Json numbers_json(const T& report) {
  Json json = Json::object();
  record::visit_numbers(
      report, [&](const char* name, double value) { json[name] = std::isnan(value) ? Json() : number(value); });
  return json;
}

Json step_json(const RecordedStep& step, bool details) {
  Json json{{"step", step.numbers.iteration}, {"epoch", step.numbers.epoch}, {"seconds", step.seconds}};
  json.update(numbers_json(step.numbers));
  if (!details) return json;
  Json& parameters = json["parameters"] = Json::object();
  for (const ParameterReport& p : step.parameters) {
    Json& one = parameters[std::string(p.name)] = numbers_json(p);
    if (!p.exponents.empty()) one["exponents"] = record::pack_exponents(p.exponents);
  }
  Json& layers = json["layers"] = Json::object();
  for (const LayerReport& layer : step.layers) {
    Json& one = layers[std::string(layer.name)] = numbers_json(layer);
    if (!layer.time_gradient_norms.empty()) one["time_gradient_norms"] = layer.time_gradient_norms;
  }
  return json;
}

void print_json(const RunReader& run, const Options& o) {
  Json json{{"schema_version", record::kVersion}};
  for (const char* key : {"outcome", "started", "ended", "data", "command", "seed", "statistics"}) {
    json[key] = run.info(key);
  }
  Json& steps = json["steps"] = Json::array();
  for (const RecordedStep& step : run.steps({.details_every = o.layers ? 1 : 0}))
    steps.push_back(step_json(step, o.layers));
  Json& epochs = json["epochs"] = Json::array();
  for (const EpochReport& epoch : run.epochs()) {
    Json one{{"epoch", epoch.epoch}, {"seconds", epoch.seconds}};
    for (const auto& [name, value] : epoch.logs) one[name] = number(value);
    epochs.push_back(std::move(one));
  }
  Json& events = json["events"] = Json::array();
  for (const RunEvent& event : run.events()) {
    events.push_back({{"step", event.iteration}, {"kind", event.kind}, {"layer", event.layer}, {"text", event.text}});
  }
  Json& findings = json["findings"] = Json::array();
  for (const auto& [iteration, finding] : run.findings()) {
    findings.push_back({{"step", iteration}, {"finding", finding}});
  }
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

// Empty cells for what is no number; names in quotes, as they may hold commas.
template <class T>
std::string csv_numbers(const T& report) {
  std::string text;
  record::visit_numbers(report, [&](const char*, double value) {
    text += std::isnan(value) ? std::string(",") : fmt::format(",{}", value);
  });
  return text;
}

std::string csv_text(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
}

std::string csv_header(const std::string& columns) {
  std::string text;
  for (const char c : columns) {
    if (c != ' ') text += c;
  }
  return text;
}

void print_csv(const RunReader& run, const Options& o) {
  const std::vector<RecordedStep> steps = run.steps({.details_every = o.layers ? 1 : 0});
  if (!o.layers) {
    fmt::print("step,epoch{},seconds\n", csv_header(record::columns<StepReport>()));
    for (const RecordedStep& step : steps) {
      fmt::print("{},{}{},{}\n", step.numbers.iteration, step.numbers.epoch, csv_numbers(step.numbers), step.seconds);
    }
    return;
  }
  fmt::print("step,parameter{}\n", csv_header(record::columns<ParameterReport>()));
  for (const RecordedStep& step : steps) {
    for (const ParameterReport& p : step.parameters) {
      fmt::print("{},{}{}\n", step.numbers.iteration, csv_text(p.name), csv_numbers(p));
    }
  }
}

int run(const Options& o, const Common& common) {
  const RunReader reader(o.run);
  if (o.json) {
    print_json(reader, o);
  } else if (o.csv) {
    print_csv(reader, o);
  } else {
    print_text(reader, o, common);
  }
  return 0;
}

std::function<int()> setup(CLI::App& app, const Common& common) {
  auto o = std::make_shared<Options>();
  app.add_option("RUN", o->run, "Run record (evenflow train --record RUN)")->required();
  app.add_flag("--layers", o->layers,
               "Numbers of every parameter and layer: of the last measured step, or of all in JSON and CSV");
  CLI::Option* const json = app.add_flag("--json", o->json, "Print JSON");
  app.add_flag("--csv", o->csv, "Print CSV: a row per step, with --layers per step and parameter")->excludes(json);
  app.add_option("--rows", o->rows, "Steps to show as text")->check(CLI::PositiveNumber)->capture_default_str();
  app.footer("The file is SQLite: docs/run_record.md shows how to read it with pandas.");
  return [o, &common] { return run(*o, common); };
}

}  // namespace

extern const Command log;
const Command log{.id = "log", .summary = "Print what a recorded run measured", .setup = setup};

}  // namespace evenflow::cli::commands
