// Training progress on stderr: a bar that redraws itself on a terminal, plain lines elsewhere.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include "evenflow/train.h"

namespace evenflow::cli {

class Progress : public Observer {
 public:
  // terminal: stderr can redraw a line of `width` columns.
  Progress(bool terminal, int width, int epochs) : terminal_(terminal), width_(width), epochs_(epochs) {}

  void on_step(const StepReport& report) override;
  void on_epoch(const EpochReport& report) override;

 private:
  using Clock = std::chrono::steady_clock;

  std::string bar(const StepReport& report, double seconds_left) const;

  bool terminal_;
  int width_;
  int epochs_;
  Clock::time_point epoch_start_{};
  Clock::time_point drawn_{};
  double global_norm_ = 0;
};

// Ends a training whose loss is no longer a number: nothing can be learned from there.
class StopWhenNotFinite : public Observer {
 public:
  void on_step(const StepReport& report) override;
  std::atomic<bool> stop{false};
  StepReport report{};  // of the step where it happened
};

// "12s", "3m20s", "1h05m"
std::string duration_text(double seconds);

}  // namespace evenflow::cli
