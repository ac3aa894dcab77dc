#include "evenflow/train/record/step_queue.h"

#include <algorithm>

namespace evenflow::record {

void copy_step(const StepReport& from, RecordedStep& to) {
  to.numbers = from;
  to.parameters.assign(from.parameters.begin(), from.parameters.end());
  to.layers.assign(from.layers.begin(), from.layers.end());
  to.arrays.resize(to.parameters.size() + to.layers.size());
  auto array = to.arrays.begin();
  const auto keep = [&array](std::span<const double>& numbers) {
    array->assign(numbers.begin(), numbers.end());
    numbers = *array++;
  };
  for (ParameterReport& parameter : to.parameters) keep(parameter.exponents);
  for (LayerReport& layer : to.layers) keep(layer.time_gradient_norms);
  to.numbers.parameters = to.parameters;
  to.numbers.layers = to.layers;
  to.numbers.rows = {};
  to.numbers.running = {};
}

std::size_t StepQueue::detail_bytes(const RecordedStep& step) {
  std::size_t bytes = step.parameters.size() * sizeof(ParameterReport) + step.layers.size() * sizeof(LayerReport);
  for (const std::vector<double>& array : step.arrays) bytes += array.size() * sizeof(double);
  return bytes;
}

void StepQueue::add(const StepReport& report, double seconds) {
  std::unique_ptr<RecordedStep> step;
  {
    const std::lock_guard lock(mutex_);
    if (!spare_.empty()) {
      step = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  if (step == nullptr) step = std::make_unique<RecordedStep>();
  copy_step(report, *step);
  step->seconds = seconds;
  bool crowded = false;
  {
    const std::lock_guard lock(mutex_);
    bytes_ += detail_bytes(*step);
    waiting_.push_back(std::move(step));
    make_room();
    crowded = 2 * bytes_ > most_bytes_ || 2 * waiting_.size() > most_steps_;
    woken_ |= crowded;
  }
  if (crowded) wake_.notify_one();
}

void StepQueue::make_room() {
  while (bytes_ > most_bytes_ && stripped_ < waiting_.size()) {
    RecordedStep& oldest = *waiting_[stripped_++];
    const std::size_t bytes = detail_bytes(oldest);
    if (bytes == 0) continue;
    bytes_ -= bytes;
    copy_step(StepReport{.epoch = oldest.numbers.epoch,
                         .step = oldest.numbers.step,
                         .steps = oldest.numbers.steps,
                         .iteration = oldest.numbers.iteration,
                         .loss = oldest.numbers.loss,
                         .global_norm = oldest.numbers.global_norm,
                         .learning_rate = oldest.numbers.learning_rate,
                         .clip_factor = oldest.numbers.clip_factor,
                         .parameters = {},
                         .layers = {},
                         .rows = {},
                         .running = {}},
              oldest);
    ++dropped_.details;
  }
  while (waiting_.size() > most_steps_) {
    bytes_ -= detail_bytes(*waiting_.front());
    spare_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    stripped_ -= std::min<std::size_t>(stripped_, 1);
    ++dropped_.steps;
  }
}

StepQueue::Steps StepQueue::take(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, patience, [this] { return woken_; });
  woken_ = false;
  bytes_ = 0;
  stripped_ = 0;
  Steps taken;
  taken.swap(waiting_);
  return taken;
}

void StepQueue::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_one();
}

void StepQueue::recycle(Steps steps) {
  constexpr std::size_t kMostSpare = 1024;
  const std::lock_guard lock(mutex_);
  for (std::unique_ptr<RecordedStep>& step : steps) {
    if (spare_.size() < kMostSpare) spare_.push_back(std::move(step));
  }
}

StepQueue::Dropped StepQueue::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

}  // namespace evenflow::record
