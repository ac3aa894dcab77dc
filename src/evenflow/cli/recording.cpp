#include "evenflow/cli/recording.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>

#include "evenflow/base/text.h"

namespace evenflow::cli {

StatisticsLevel RecordingOptions::level() const {
  return statistics == "off"    ? StatisticsLevel::off
         : statistics == "full" ? StatisticsLevel::full
                                : StatisticsLevel::norms;
}

int RecordingOptions::interval_or_default() const {
  constexpr int kFullInterval = 16;
  return interval > 0 ? interval : level() == StatisticsLevel::full ? kFullInterval : 1;
}

void add_recording_options(CLI::App& app, RecordingOptions& options) {
  app.add_option("--record", options.record, "Write what is measured to this new file (evenflow log, watch, diagnose)")
      ->group("Recording");
  app.add_option("--statistics", options.statistics,
                 "What to measure: norms of parameters, or full (histograms, layers' outputs), or off")
      ->check(CLI::IsMember({"off", "norms", "full"}))
      ->capture_default_str()
      ->group("Recording");
  app.add_option(
         "--statistics-interval", options.interval,
         "Measure so at every N-th step and the first (default: 16 with full, else 1); between them full measures "
         "norms, norms nothing")
      ->check(CLI::PositiveNumber)
      ->group("Recording");
  app.add_option("--tensorboard", options.tensorboard, "Write TensorBoard event files to this folder")
      ->group("Recording");
}

Recording::Recording(const RecordingOptions& options, std::string data, std::string command) : record_(options.record) {
  if (!options.record.empty()) {
    recorder_ = std::make_unique<RunRecorder>(options.record,
                                              RunDescription{.data = std::move(data),
                                                             .command = std::move(command),
                                                             .statistics = options.level(),
                                                             .statistics_interval = options.interval_or_default()});
    flight_ = std::make_unique<FlightRecorder>(*recorder_);
    active_ = {recorder_.get(), flight_.get()};
  }
  if (!options.tensorboard.empty()) {
    events_ = std::make_unique<EventRecorder>(options.tensorboard);
    active_.push_back(events_.get());
  }
}

void Recording::on_start(const StartReport& report) {
  for (Observer* observer : active_) observer->on_start(report);
}

void Recording::on_step(const StepReport& report) {
  for (Observer* observer : active_) observer->on_step(report);
  warn_of_failures();
}

void Recording::on_heal(const HealReport& report) {
  for (Observer* observer : active_) observer->on_heal(report);
}

void Recording::on_epoch(const EpochReport& report) {
  for (Observer* observer : active_) observer->on_epoch(report);
}

// Once each: the training is worth more than its record.
void Recording::warn_of_failures() {
  const auto give_up = [this](const Observer* observer, const std::string& what) {
    if (std::erase(active_, observer) == 0) return;
    fmt::print(stderr, "\nwarning: {}: nothing more is recorded; the training goes on\n", printable(what));
  };
  if (recorder_ != nullptr) {
    if (const auto failure = recorder_->failure()) {
      std::erase(active_, flight_.get());
      give_up(recorder_.get(), *failure);
    }
  }
  if (events_ != nullptr && !events_->ok()) give_up(events_.get(), "cannot write '" + events_->path().string() + "'");
}

void Recording::finish(std::string_view outcome) {
  if (recorder_ != nullptr) recorder_->finish(outcome);
  warn_of_failures();
}

}  // namespace evenflow::cli
