// What the training thread hands to the thread that writes. Adding never waits for the writer.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include "evenflow/record.h"

namespace evenflow::record {

// A deep copy that keeps the memory of what `to` held before.
void copy_step(const StepReport& from, RecordedStep& to);

class StepQueue {
 public:
  using Steps = std::deque<std::unique_ptr<RecordedStep>>;

  StepQueue(std::size_t detail_bytes, std::size_t steps) : most_bytes_(detail_bytes), most_steps_(steps) {}

  // When the details (numbers of parameters and layers) of the steps that wait take more than detail_bytes, the oldest
  // are dropped; when more steps wait than fit, the oldest step.
  void add(const StepReport& report, double seconds);

  // Waits until half of the room is taken, wake() was called or the time is over; takes all that waits.
  Steps take(std::chrono::milliseconds patience);
  void wake();
  // Gives memory back for later steps.
  void recycle(Steps steps);

  struct Dropped {
    std::int64_t details = 0;  // steps whose details were dropped
    std::int64_t steps = 0;
    friend bool operator==(const Dropped&, const Dropped&) = default;
  };
  Dropped dropped() const;

 private:
  static std::size_t detail_bytes(const RecordedStep& step);
  void make_room();

  const std::size_t most_bytes_;
  const std::size_t most_steps_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Steps waiting_;
  Steps spare_;
  std::size_t stripped_ = 0;  // of the first that wait, without details
  std::size_t bytes_ = 0;
  bool woken_ = false;
  Dropped dropped_;
};

}  // namespace evenflow::record
