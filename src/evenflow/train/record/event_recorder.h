// Writes TensorBoard event files while a network trains.
#pragma once

#include <chrono>

#include "evenflow/format/tensorboard/event_file.h"
#include "evenflow/train.h"

namespace evenflow {

class EventRecorder : public Observer {
 public:
  explicit EventRecorder(const Path& folder) : file_(folder) {}  // throws Error(io)

  void on_step(const StepReport& report) override;
  void on_epoch(const EpochReport& report) override;
  bool ok() const { return file_.ok(); }
  const Path& path() const { return file_.path(); }

 private:
  void histograms(const StepReport& report);

  tensorboard::EventFile file_;
  std::int64_t step_ = 0;
  int histograms_of_ = -1;  // the last epoch with histograms: one set an epoch
  std::chrono::steady_clock::time_point flushed_ = std::chrono::steady_clock::now();
};

}  // namespace evenflow
