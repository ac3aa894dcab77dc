// The flight recorder: when a step goes wrong, what is needed to run it again.
//
// The state before every step would be too much to keep. Runs repeat themselves to the last bit, so a snapshot every
// kSnapshotEvery steps and the rows of the batches since then are as good: the state before a step is found by running
// those steps again, with full statistics, which then stand in the record. Two snapshots are kept: at least so many
// steps can always be repeated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evenflow/record.h"
#include "evenflow/train/programs.h"

namespace evenflow {

class FlightRecorder : public Observer {
 public:
  static constexpr std::size_t kSnapshotEvery = 200;
  static constexpr int kMostFlights = 3;  // per run: each holds the whole state

  explicit FlightRecorder(RunRecorder& recorder) : recorder_(recorder) {}

  void on_start(const StartReport& report) override;
  void on_step(const StepReport& report) override;
  void on_heal(const HealReport& report) override;

 private:
  struct Repeatable {
    int epoch;
    double learning_rate;
    double loss;
    std::vector<std::int64_t> rows;
  };
  struct Leg {  // a snapshot and what came after it
    TrainingState state;
    std::vector<Repeatable> steps;
    bool used = false;
  };

  std::optional<std::string> trouble(const StepReport& report);
  void begin_leg();
  void write_flight(const StepReport& report, std::string reason);

  RunRecorder& recorder_;
  std::optional<StartReport> start_;
  Leg previous_, current_;
  int flights_ = 0;
  bool not_finite_ = false;
  // Of log10 of the gradient's norm: running mean and mean absolute deviation.
  double level_ = 0;
  double deviation_ = 0;
  std::int64_t measured_ = 0;
};

}  // namespace evenflow
