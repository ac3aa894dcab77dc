// What `evenflow train` writes while it trains: a run record and TensorBoard event files.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/record.h"
#include "evenflow/train/record/event_recorder.h"
#include "evenflow/train/record/flight_recorder.h"

namespace CLI {
class App;
}

namespace evenflow::cli {

struct RecordingOptions {
  std::string record;
  std::string tensorboard;
  std::string statistics = "norms";
  int interval = 0;  // 0: not given

  StatisticsLevel level() const;
  int interval_or_default() const;  // full statistics cost too much for every step
};

// Adds --record, --statistics, --statistics-interval, --tensorboard.
void add_recording_options(CLI::App& app, RecordingOptions& options);

class Recording : public Observer {
 public:
  // Makes the files, or throws Error(io): before a long training, not after it.
  Recording(const RecordingOptions& options, std::string data, std::string command);

  void on_start(const StartReport& report) override;
  void on_step(const StepReport& report) override;
  void on_heal(const HealReport& report) override;
  void on_epoch(const EpochReport& report) override;
  void finish(std::string_view outcome);
  RunRecorder* recorder() { return recorder_.get(); }  // null without --record

 private:
  void warn_of_failures();

  std::string record_;
  std::unique_ptr<RunRecorder> recorder_;
  std::unique_ptr<FlightRecorder> flight_;
  std::unique_ptr<EventRecorder> events_;
  std::vector<Observer*> active_;
};

}  // namespace evenflow::cli
