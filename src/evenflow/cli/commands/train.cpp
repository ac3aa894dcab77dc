// evenflow train: trains a model file with its own compile settings.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "evenflow/base/text.h"
#include "evenflow/callbacks.h"
#include "evenflow/cli/app.h"
#include "evenflow/cli/command.h"
#include "evenflow/cli/compile_options.h"
#include "evenflow/cli/model_file.h"
#include "evenflow/cli/progress.h"
#include "evenflow/cli/recording.h"
#include "evenflow/data.h"
#include "evenflow/health/run_watcher.h"
#include "evenflow/train.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  ModelFile file;
  std::string out;
  std::string data;
  CompileOverrides compile;
  int epochs = 10;
  int batch_size = 32;
  double validation_split = 0;
  bool no_shuffle = false;
  bool fresh = false;
  std::uint64_t seed = 0;
  RecordingOptions recording;
  std::string on_finding = "warn";
  bool heal = false;
  int heal_limit = Heal{}.most;
  std::optional<int> early_stopping;
  std::optional<int> reduce_lr_on_plateau;
  std::string checkpoint;
  std::string csv_log;
  std::string class_weight;
  std::string monitor;
};

std::string default_output(const std::string& model) {
  const std::filesystem::path path(model);
  return (path.parent_path() / (path.stem().string() + "-trained.keras")).string();
}

// Sets the training's stop flag when Ctrl-C, a loss that is no number, or a finding asks for it.
class StopFlag : public Observer {
 public:
  explicit StopFlag(const StopWhenNotFinite& guard) : guard_(guard) {}
  void on_step(const StepReport&) override { stop = interrupted() || guard_.stop || finding; }
  std::atomic<bool> stop{false};
  bool finding = false;  // one that the training is to stop for

 private:
  const StopWhenNotFinite& guard_;
};

// Tells of every intervention of --heal.
class HealingLog : public Observer {
 public:
  explicit HealingLog(bool terminal) : terminal_(terminal) {}
  void on_heal(const HealReport& report) override {
    fmt::print(stderr, "{}{} at step {} (epoch {}): {}: {}\n", terminal_ ? "\r\x1b[K" : "",
               report.gave_up ? "gave up" : "healed", report.iteration, report.epoch + 1, report.trouble,
               report.action);
  }

 private:
  bool terminal_;
};

// "0:1,1:5" or "balanced".
std::map<int, double> class_weights(const std::string& text, const Dataset& data) {
  if (text.empty()) return {};
  if (text == "balanced") return balanced_class_weights(data.y);
  std::map<int, double> weights;
  for (const std::string& pair : split(text, ',')) {
    const std::vector<std::string> parts = split(pair, ':');
    if (parts.size() != 2) {
      fail(ErrorKind::usage, "--class-weight takes CLASS:WEIGHT,... such as 0:1,1:5, or balanced, not '{}'",
           printable(text));
    }
    const auto index = static_cast<int>(parse_integer(parts[0], "a class of --class-weight"));
    weights[index] = parse_number(parts[1], "a weight of --class-weight");
  }
  return weights;
}

std::vector<Callback> callbacks(const Options& o) {
  const std::string monitor = !o.monitor.empty() ? o.monitor : o.validation_split > 0 ? "val_loss" : "loss";
  std::vector<Callback> all;
  if (o.reduce_lr_on_plateau) {
    all.push_back(ReduceLROnPlateau{.monitor = monitor, .patience = *o.reduce_lr_on_plateau});
  }
  if (!o.checkpoint.empty()) {
    all.push_back(ModelCheckpoint{.filepath = o.checkpoint, .monitor = monitor, .save_best_only = true});
  }
  if (!o.csv_log.empty()) all.push_back(CSVLogger{o.csv_log});
  if (o.early_stopping) {
    all.push_back(EarlyStopping{.monitor = monitor, .patience = *o.early_stopping, .restore_best_weights = true});
  }
  return all;
}

void print_test(Network& network, const Dataset& data, int batch_size) {
  const Evaluation test = network.evaluate(data.x_test, data.y_test, batch_size);
  std::string text = fmt::format("test  loss {:.4g}", test.loss);
  for (const auto& [name, value] : test.metrics) text += fmt::format("  {} {:.4f}", name, value);
  fmt::print("{}\n", text);
}

int run(const Options& o, const Common& common) {
  const std::string out = o.out.empty() ? default_output(o.file.model) : o.out;
  SavedModel saved = load(o.file);
  std::vector<std::string> notes;
  if (complete_compile(saved.model, o.compile, notes) || o.fresh) {
    saved.optimizer_slots = {};
    saved.iterations = 0;
  }
  if (o.fresh) saved.weights = initialize(saved.model, o.seed);
  const Dataset data = fit_to_model(load_data(o.data), saved.model, &notes);
  require_targets(data);
  if (!common.quiet) {
    for (const std::string& note : notes) fmt::print(stderr, "note: {}\n", note);
  }

  Recording recording(o.recording, o.data, common.command_line);
  Network network(std::move(saved));
  Progress progress(common.terminal, common.width, o.epochs);
  StopWhenNotFinite guard;
  StopFlag stop(guard);
  FitOptions fit{.epochs = o.epochs,
                 .batch_size = o.batch_size,
                 .validation_split = o.validation_split,
                 .class_weight = class_weights(o.class_weight, data),
                 .shuffle = !o.no_shuffle,
                 .seed = o.seed,
                 .statistics = o.recording.level(),
                 .statistics_interval = o.recording.interval_or_default(),
                 .callbacks = callbacks(o),
                 .stop = &stop.stop};
  RunWatcher watcher(describe_run(network.model(), o.data, o.batch_size), [&](const Finding& finding) {
    // On a line of its own, whatever the progress bar left on this one.
    fmt::print(stderr, "{}{}\n", common.terminal ? "\r\x1b[K" : "", one_line(finding));
    if (recording.recorder() != nullptr) {
      recording.recorder()->add_finding(static_cast<std::uint64_t>(finding.onset ? finding.onset->step : 0),
                                        to_json(finding));
    }
    if (o.on_finding == "stop") stop.finding = true;
  });
  HealingLog healing(common.terminal);
  fit.observers = {&recording};
  if (o.heal) {
    fit.heal = Heal{.most = o.heal_limit};
    fit.observers.push_back(&healing);
  } else {
    fit.observers.push_back(&guard);
  }
  if (o.on_finding != "ignore") fit.observers.push_back(&watcher);
  fit.observers.push_back(&stop);
  if (!common.quiet) fit.observers.push_back(&progress);
  const History history = network.fit(data.x, data.y, fit);
  const bool gave_up = !history.healed.empty() && history.healed.back().gave_up;
  recording.finish(guard.stop                ? "not-finite"
                   : gave_up || stop.finding ? "stopped"
                   : interrupted()           ? "interrupted"
                                             : "finished");

  if (guard.stop) {
    fmt::print(
        stderr,
        "evenflow: the loss is {} at epoch {}, step {} (learning rate {:g}): training stopped, nothing written.\n"
        "  Look at the gradients with: evenflow check {} --data {}\n"
        "  Try a smaller --learning-rate, or --global-clipnorm 1.\n",
        guard.report.loss, guard.report.epoch + 1, guard.report.step + 1, guard.report.learning_rate, o.file.model,
        o.data);
    return 1;
  }
  network.save(out);
  if (gave_up) {
    fmt::print(stderr,
               "evenflow: gave up after {} interventions; the last healthy weights are in {}\n"
               "  Look for the cause with: evenflow diagnose, or evenflow cure {} --data {}\n",
               history.healed.size() - 1, out, o.file.model, o.data);
    return 1;
  }
  if (interrupted()) {
    fmt::print(stderr, "interrupted after step {}; the model so far is in {}\n", network.iterations(), out);
    return 130;
  }
  if (stop.finding) {
    fmt::print(stderr, "evenflow: stopped for the finding after step {}; the model so far is in {}\n",
               network.iterations(), out);
    return 1;
  }
  if (history.stopped && !common.quiet) {
    fmt::print("early stopping after epoch {}; the weights are those of the best epoch\n", history.epochs.size());
  }
  if (!data.x_test.empty()) print_test(network, data, o.batch_size);
  if (!common.quiet) fmt::print("saved {}\n", out);
  return 0;
}

std::function<int()> setup(CLI::App& app, const Common& common) {
  auto o = std::make_shared<Options>();
  add_model_file(app, o->file);
  app.add_option("--data", o->data, "Data file or generated set (evenflow data lists them)")->required();
  app.add_option("-o,--output", o->out,
                 "Trained model, or NAME.weights.h5 for its weights alone (default: MODEL-trained.keras)");
  app.add_option("--epochs", o->epochs, "Passes over the data")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--batch-size", o->batch_size, "Samples per step")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--validation-split", o->validation_split, "Last fraction of the data kept for validation")
      ->check(CLI::Range(0.0, 0.99));
  add_compile_options(app, o->compile);
  add_recording_options(app, o->recording);
  const auto group = "During training";
  app.add_option("--early-stopping", o->early_stopping,
                 "Stop when the monitored log has not become better for so many epochs; keep the best weights")
      ->check(CLI::NonNegativeNumber)
      ->group(group);
  app.add_option("--reduce-lr-on-plateau", o->reduce_lr_on_plateau,
                 "Divide the learning rate by 10 when the monitored log has not become better for so many epochs")
      ->check(CLI::PositiveNumber)
      ->group(group);
  app.add_option("--checkpoint", o->checkpoint,
                 "Save the best model so far; the path may have {epoch:02d}, {val_loss:.2f}, ...")
      ->group(group);
  app.add_option("--csv-log", o->csv_log, "Write the logs of every epoch to this file")->group(group);
  app.add_option("--monitor", o->monitor, "Log that these watch (default: val_loss; loss without validation)")
      ->group(group);
  app.add_option("--class-weight", o->class_weight,
                 "Weight of each class in the loss: 0:1,1:5, or balanced for equal shares")
      ->group(group);
  app.add_option("--seed", o->seed, "Seed of shuffling, dropout and --fresh")->capture_default_str();
  app.add_option("--on-finding", o->on_finding, "What a finding does: it is printed, and the training goes on or stops")
      ->check(CLI::IsMember({"stop", "warn", "ignore"}))
      ->capture_default_str();
  app.add_flag("--heal", o->heal,
               "After a spike or a step that is not finite: back to healthy weights, skip the batch, leave out samples "
               "that are not finite, else clip or lower the learning rate, and go on")
      ->group(group);
  app.add_option("--heal-limit", o->heal_limit, "Interventions of --heal before it gives up")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->group(group);
  app.add_flag("--no-shuffle", o->no_shuffle, "Keep the order of the data");
  app.add_flag("--fresh", o->fresh, "Draw new initial weights instead of the file's")->excludes("--weights");
  app.footer(
      "Ctrl-C stops after the step and saves.\n"
      "Example: evenflow train mnist.keras --data train-images-idx3-ubyte.gz --epochs 5 -o trained.keras");
  return [o, &common] { return run(*o, common); };
}

}  // namespace

extern const Command train;
const Command train{.id = "train", .summary = "Train a model on data", .setup = setup};

}  // namespace evenflow::cli::commands
