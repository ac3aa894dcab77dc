// The record of a run: one SQLite file that holds what was measured, what happened and what it means.
// docs/run_record.md describes its tables.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evenflow/json.h"
#include "evenflow/model.h"
#include "evenflow/train.h"

namespace evenflow {

// What the recorder cannot see for itself.
struct RunDescription {
  std::string data;     // as load_data takes it
  std::string command;  // the command line
  StatisticsLevel statistics = StatisticsLevel::norms;
  int statistics_interval = 1;
};

// Something that happened at a step.
struct RunEvent {
  std::uint64_t iteration = 0;
  std::string kind;   // "non-finite", "spike", "clipping", "stopped", "dropped", "healed", ...
  std::string layer;  // "" when it is not a layer's
  std::string text;   // one sentence
  friend bool operator==(const RunEvent&, const RunEvent&) = default;
};

// What it takes to run one step again: the state before it, and its batch.
struct Flight {
  std::uint64_t iteration = 0;  // of the step
  std::string reason;
  double learning_rate = 0;
  std::uint64_t seed = 0;
  Weights weights;
  Weights slots;
  std::vector<Tensor> x, y, sample_weight;
};

// Writes the record of one run. A thread of its own writes every second what came in; the steps never wait for it: when
// more comes than it can write, the oldest details (numbers of parameters and layers) are dropped and counted.
class RunRecorder : public Observer {
 public:
  // Throws Error(io) when the file cannot be made, Error(usage) when it exists already.
  RunRecorder(const std::filesystem::path& path, RunDescription description);
  ~RunRecorder() override;

  void on_start(const StartReport& report) override;
  void on_step(const StepReport& report) override;
  void on_heal(const HealReport& report) override;
  void on_epoch(const EpochReport& report) override;
  void add_event(RunEvent event);
  void add_finding(std::uint64_t iteration, Json finding);
  void add_flight(Flight flight);
  // Another look at a step that was recorded with less detail.
  void add_details(const StepReport& report);

  // Writes what is left and marks the run as ended ("finished", "stopped", "interrupted", "not-finite"). Without it the
  // record says "running".
  void finish(std::string_view outcome);
  // Why nothing is written any more ("the disk is full"): the training goes on, what was written stays readable.
  std::optional<std::string> failure() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Does the file begin as a run record does? Cheap: the database is not opened. False for what cannot be read.
bool is_run_record(const std::filesystem::path& path);

// A step read back: the reports' spans and names point into this object and into the RunReader.
struct RecordedStep {
  StepReport numbers;
  std::vector<ParameterReport> parameters;
  std::vector<LayerReport> layers;
  std::vector<std::vector<double>> arrays;  // histograms and norms per time step that the reports point to
  double seconds = 0;                       // since the start of the run
};

// Which steps of a record to read, and which of them with parameters and layers.
struct StepChoice {
  std::uint64_t after = 0;         // those with a larger iteration
  std::int64_t limit = -1;         // at most so many of the first of them; -1: all
  std::int64_t details_every = 1;  // details where the iteration is a multiple of this, and of the last steps; 0: none
};

// Reads a record, also of a run that is still being written.
class RunReader {
 public:
  explicit RunReader(const std::filesystem::path& path);  // throws Error(io), Error(input)
  RunReader(RunReader&&) noexcept;
  RunReader& operator=(RunReader&&) noexcept;
  ~RunReader();

  // "model" (JSON), "data", "command", "seed", "outcome", "dropped_details", ...: docs/run_record.md lists them. "" for
  // one that is missing.
  std::string info(std::string_view key) const;
  Model model() const;
  std::vector<std::string> parameters() const;
  std::vector<std::string> layers() const;
  // In order.
  std::vector<RecordedStep> steps(const StepChoice& choice = {}) const;
  std::optional<RecordedStep> last_step() const;           // without details
  std::optional<RecordedStep> last_measured_step() const;  // with parameters
  std::vector<EpochReport> epochs() const;
  std::vector<RunEvent> events() const;
  std::vector<std::pair<std::uint64_t, Json>> findings() const;
  std::vector<std::uint64_t> flights() const;  // iterations
  Flight flight(std::uint64_t iteration) const;

 private:
  std::optional<RecordedStep> last_of(const char* table, StepChoice choice) const;

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evenflow
