// evenflow watch: follows a run that another process records.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <cmath>
#include <memory>
#include <thread>

#include "evenflow/base/text.h"
#include "evenflow/cli/app.h"
#include "evenflow/cli/command.h"
#include "evenflow/health/recorded_run.h"
#include "evenflow/health/run_summary.h"
#include "evenflow/record.h"
#include "evenflow/report/layer_rows.h"
#include "evenflow/report/layout.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  std::string run;
  double interval = 1;
};

class Follower {
 public:
  Follower(const Options& options, const TextStyle& style) : run_(options.run), style_(style) {}

  // False when the run has ended.
  bool print_news() {
    const std::string outcome = run_.info("outcome");  // first: what is written after it is read next time
    const std::vector<RecordedStep> steps = run_.steps({.after = last_step_, .details_every = 0});
    const std::vector<RunEvent> events = run_.events();
    const auto findings = run_.findings();
    print_epochs();
    if (!steps.empty()) print_step(steps.back());
    for (; events_ < events.size(); ++events_) {
      fmt::print("step {:>7}  {}: {}\n", events[events_].iteration, printable(events[events_].kind),
                 printable(events[events_].text));
    }
    for (; findings_ < findings.size(); ++findings_) {
      const Json& finding = findings[findings_].second;
      fmt::print("step {:>7}  {}: {}  {}\n", findings[findings_].first, printable(finding.value("severity", "")),
                 printable(finding.value("rule", "")), printable(finding.value("message", "")));
    }
    std::fflush(stdout);
    if (outcome != "running") {
      fmt::print("the run has ended: {}\n", printable(outcome));
      const RunTrace recorded = recorded_run(run_);
      if (has_statistics(recorded)) fmt::print("\n{}", layer_rows(recent(recorded), style_));
      return false;
    }
    constexpr int kQuiet = 5;
    quiet_ = steps.empty() ? quiet_ + 1 : 0;
    if (quiet_ < kQuiet || is_running(run_)) return true;
    fmt::print("the training process ended without a last word; the record holds what it wrote\n");
    return false;
  }

 private:
  void print_step(const RecordedStep& step) {
    const StepReport& n = step.numbers;
    last_step_ = n.iteration;
    std::string text =
        fmt::format("step {:>7}  epoch {:>3}  loss {}", n.iteration, n.epoch + 1, layout::short_number(n.loss));
    if (!std::isnan(n.global_norm)) text += "  |gradient| " + layout::short_number(n.global_norm);
    if (n.clip_factor < 1) text += "  clipped to " + layout::short_number(n.global_norm * n.clip_factor);
    fmt::print("{}\n", text);
  }

  void print_epochs() {
    const std::vector<EpochReport> epochs = run_.epochs();
    for (; epochs_ < epochs.size(); ++epochs_) {
      fmt::print("epoch {:>3} done", epochs[epochs_].epoch + 1);
      for (const auto& [name, value] : epochs[epochs_].logs) fmt::print("  {} {:.4g}", printable(name), value);
      fmt::print("\n");
    }
  }

  RunReader run_;
  TextStyle style_;
  std::uint64_t last_step_ = 0;
  std::size_t epochs_ = 0, events_ = 0, findings_ = 0;
  int quiet_ = 0;
};

int run(const Options& o, const Common& common) {
  Follower follower(o, {.color = common.color, .width = common.width});
  while (follower.print_news()) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(o.interval);
    while (std::chrono::steady_clock::now() < until) {
      if (interrupted()) return 0;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  return 0;
}

std::function<int()> setup(CLI::App& app, const Common& common) {
  auto o = std::make_shared<Options>();
  app.add_option("RUN", o->run, "Run record that a training writes (evenflow train --record RUN)")->required();
  app.add_option("--interval", o->interval, "Seconds between two looks")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  app.footer("Ends with the run, or with Ctrl-C; the training does not notice.");
  return [o, &common] { return run(*o, common); };
}

}  // namespace

extern const Command watch;
const Command watch{.id = "watch", .summary = "Follow a run that another terminal trains", .setup = setup};

}  // namespace evenflow::cli::commands
