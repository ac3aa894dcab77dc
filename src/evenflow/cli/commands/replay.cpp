// evenflow replay: runs a recorded step again and names the operator that went wrong.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/cli/command.h"
#include "evenflow/record.h"
#include "evenflow/report/layout.h"
#include "evenflow/train/record/replay.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  std::string run;
  std::uint64_t step = 0;
  int back = 10;
};

void print_value(const ReplayedValue& value) {
  fmt::print("    {:24} {:14} largest |value| {}", printable(value.what), value.shape,
             layout::short_number(value.largest));
  if (value.non_finite > 0) fmt::print(", {} not finite", value.non_finite);
  fmt::print("\n");
}

void print_culprit(const Replay::Culprit& culprit) {
  std::vector<std::string> index;
  for (const std::int64_t i : culprit.element) index.push_back(std::to_string(i));
  fmt::print("first   {} of layer '{}', in the {}: element ({}) is {}\n", printable(culprit.operation),
             printable(culprit.layer), culprit.backward ? "backward pass or update" : "forward pass", join(index),
             culprit.value);
  for (const ReplayedValue& input : culprit.inputs) print_value(input);
  print_value(culprit.output);
}

// The steps before, the latest first.
void print_story(const RunReader& run, const Options& o, std::uint64_t iteration) {
  const auto count = static_cast<std::uint64_t>(o.back);
  const std::vector<RecordedStep> steps =
      run.steps({.after = iteration > count ? iteration - count : 0, .limit = o.back});
  fmt::print("\nbackwards from there\n");
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const StepReport& n = step->numbers;
    fmt::print("  step {:>6}  loss {:>9}  |gradient| {:>9}", n.iteration, layout::short_number(n.loss),
               std::isnan(n.global_norm) ? "not finite" : layout::short_number(n.global_norm));
    // A fresh bias has no weights to compare its update with.
    const auto ratio = [](const ParameterReport& p) { return std::isfinite(p.update_ratio) ? p.update_ratio : 0.0; };
    const auto larger = [&](const ParameterReport& p, const ParameterReport& q) { return ratio(p) < ratio(q); };
    const auto most = std::max_element(step->parameters.begin(), step->parameters.end(), larger);
    if (most != step->parameters.end() && ratio(*most) > 0) {
      fmt::print("  largest update: {} by {} of its weights", printable(most->name),
                 layout::short_number(most->update_ratio));
    }
    fmt::print("\n");
  }
}

int run(const Options& o) {
  const RunReader reader(o.run);
  const std::vector<std::uint64_t> all = reader.flights();
  if (all.empty()) {
    fmt::print("nothing went wrong in this run: the flight recorder wrote no step\n");
    return 0;
  }
  const std::uint64_t iteration = o.step == 0 ? all.back() : o.step;
  if (std::find(all.begin(), all.end(), iteration) == all.end()) {
    std::vector<std::string> known;
    known.reserve(all.size());
    for (const std::uint64_t one : all) known.push_back(std::to_string(one));
    fail(ErrorKind::usage, "the record has no state before step {}; it has those before {}", iteration, join(known));
  }
  const Flight flight = reader.flight(iteration);
  const Replay result = replay(reader.model(), flight);
  fmt::print("step {}   {}\n", iteration, printable(flight.reason));
  fmt::print("replayed with {} operators checked: loss {}, learning rate {:g}\n", result.operators,
             layout::short_number(result.loss), flight.learning_rate);
  for (const std::string& what : result.bad_before) fmt::print("before  {} are not finite already\n", printable(what));
  if (result.first) {
    print_culprit(*result.first);
  } else {
    fmt::print("every operator's results are finite in this step\n");
  }
  print_story(reader, o, iteration);
  return result.first || !result.bad_before.empty() ? 1 : 0;
}

std::function<int()> setup(CLI::App& app, const Common&) {
  auto o = std::make_shared<Options>();
  app.add_option("RUN", o->run, "Run record (evenflow train --record RUN)")->required();
  app.add_option("--step", o->step, "Which recorded step (default: the last)");
  app.add_option("--back", o->back, "Steps before it to tell of")->check(CLI::PositiveNumber)->capture_default_str();
  app.footer("Exit code 1: something that is not finite was found.");
  return [o] { return run(*o); };
}

}  // namespace

extern const Command replay;
const Command replay{
    .id = "replay", .summary = "Run a recorded step again and name the operator that went wrong", .setup = setup};

}  // namespace evenflow::cli::commands
