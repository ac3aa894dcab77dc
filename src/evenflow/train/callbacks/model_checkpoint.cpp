#include <fmt/args.h>

#include <filesystem>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/callbacks.h"
#include "evenflow/train/callbacks/monitor.h"

namespace evenflow {
namespace {

using Logs = std::span<const std::pair<std::string, double>>;

class Checkpoints : public Observer {
 public:
  explicit Checkpoints(const ModelCheckpoint& settings)
      : settings_(settings),
        monitor_("ModelCheckpoint", settings.monitor, settings.mode),
        best_(settings.initial_value_threshold) {
    const std::string_view ending = settings.save_weights_only ? ".weights.h5" : ".keras";
    if (!settings.filepath.ends_with(ending)) {
      fail(ErrorKind::usage, "ModelCheckpoint: the path of {} must end with {}: '{}' does not",
           settings.save_weights_only ? "weights" : "models", ending, printable(settings.filepath));
    }
    if (settings.save_freq < 0) {
      fail(ErrorKind::usage, "ModelCheckpoint: save_freq must be a number of steps, or 0 for every epoch, not {}",
           settings.save_freq);
    }
  }

  void on_start(const StartReport& report) override {
    network_ = &report.network;
    if (settings_.save_best_only) monitor_.start(report.model);
  }

  void on_step(const StepReport& report) override {
    if (settings_.save_freq == 0 || ++steps_ < settings_.save_freq) return;
    steps_ = 0;
    save(report.running, report.epoch, report.step);
  }

  void on_epoch(const EpochReport& report) override {
    if (settings_.save_freq == 0) save(report.logs, report.epoch, std::nullopt);
  }

 private:
  void save(Logs logs, int epoch, std::optional<std::int64_t> step) {
    if (settings_.save_best_only) {
      const double current = monitor_.value(logs);
      if (!monitor_.improves(current, best_)) return;
      best_ = current;
    }
    const std::filesystem::path file = path(logs, epoch, step);
    if (file.has_parent_path()) {
      std::error_code error;
      std::filesystem::create_directories(file.parent_path(), error);
      if (error) fail(ErrorKind::io, "{}: cannot make the folder: {}", file.string(), error.message());
    }
    network_->save(file);
  }

  std::string path(Logs logs, int epoch, std::optional<std::int64_t> step) const {
    fmt::dynamic_format_arg_store<fmt::format_context> fields;
    std::vector<std::string> names{"epoch"};
    fields.push_back(fmt::arg("epoch", epoch + 1));
    if (step) {
      fields.push_back(fmt::arg("batch", *step + 1));
      names.emplace_back("batch");
    }
    for (const auto& [name, value] : logs) {
      fields.push_back(fmt::arg(name.c_str(), value));
      names.push_back(name);
    }
    try {
      return fmt::vformat(settings_.filepath, fields);
    } catch (const fmt::format_error& error) {
      fail(ErrorKind::usage, "ModelCheckpoint: the path '{}' cannot be filled in ({}); it may name {}",
           printable(settings_.filepath), error.what(), join(names));
    }
  }

  ModelCheckpoint settings_;
  Monitor monitor_;
  Network* network_ = nullptr;
  std::optional<double> best_;
  int steps_ = 0;  // since it saved
};

}  // namespace

ModelCheckpoint::operator Callback() const {
  return std::make_shared<Checkpoints>(*this);
}

}  // namespace evenflow
