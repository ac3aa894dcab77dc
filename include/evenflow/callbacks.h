// Keras's callbacks, with its names, defaults and meaning:
//
//   net.fit(x, y, {.epochs = 100,
//                  .validation_split = 0.2,
//                  .callbacks = {EarlyStopping{.patience = 5, .restore_best_weights = true}, CSVLogger{"log.csv"}}});
//
// A log that is monitored must exist: where Keras warns and does nothing, fit throws Error(usage).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "evenflow/train.h"

namespace evenflow {

// `mode`: is the monitored log better when it is lower ("min") or higher ("max")? "auto" goes by the name of the log.

// Ends training when the monitored log has not become better by more than min_delta for `patience` epochs.
struct EarlyStopping {
  std::string monitor = "val_loss";
  double min_delta = 0;
  int patience = 0;
  std::string mode = "auto";
  std::optional<double> baseline = {};  // only what is better than it, too, restarts the patience
  bool restore_best_weights = false;
  int start_from_epoch = 0;   // earlier ones are not looked at
  operator Callback() const;  // NOLINT(google-explicit-constructor): reads like Keras
};

// Saves the network after every epoch, or after every `save_freq` steps. The path is a template:
// "weights.{epoch:02d}-{val_loss:.2f}.keras"; {epoch} and {batch} count from 1. Folders are made.
struct ModelCheckpoint {
  std::string filepath;
  std::string monitor = "val_loss";
  bool save_best_only = false;
  bool save_weights_only = false;  // then the path must end with ".weights.h5", else with ".keras"
  std::string mode = "auto";
  int save_freq = 0;  // 0: after every epoch
  std::optional<double> initial_value_threshold = {};
  operator Callback() const;  // NOLINT(google-explicit-constructor)
};

// Multiplies the learning rate by `factor` when the monitored log has not become better for `patience` epochs.
struct ReduceLROnPlateau {
  std::string monitor = "val_loss";
  double factor = 0.1;
  int patience = 10;
  std::string mode = "auto";
  double min_delta = 1e-4;
  int cooldown = 0;  // epochs after a reduction in which it does not look
  double min_lr = 0;
  operator Callback() const;  // NOLINT(google-explicit-constructor)
};

// Writes the logs of every epoch, sorted by name, as a line; "NA" where there is no validation.
struct CSVLogger {
  std::string filename;
  char separator = ',';
  bool append = false;
  operator Callback() const;  // NOLINT(google-explicit-constructor)
};

// Ends training after a step whose loss is not a finite number.
struct TerminateOnNaN {
  operator Callback() const;  // NOLINT(google-explicit-constructor)
};

// Before every epoch: learning rate = schedule(epoch from 0, learning rate so far).
struct LearningRateScheduler {
  std::function<double(int epoch, double rate)> schedule;
  operator Callback() const;  // NOLINT(google-explicit-constructor)
};

}  // namespace evenflow
