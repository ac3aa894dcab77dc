// Goes back to healthy weights when a training step went wrong, and changes the optimizer's settings so that the next
// attempt fares better.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "evenflow/train/programs.h"
#include "evenflow/train/samples.h"

namespace evenflow {

class Healer {
 public:
  static constexpr std::int64_t kSnapshotEvery = 50;

  // Keeps the present weights and slots. Model and state must outlive it.
  Healer(const Heal& settings, Model& model, TrainingState& state, const Samples& samples);

  // What went wrong with the step that has just been taken; else the step counts as healthy.
  std::optional<std::string> trouble(const StepReport& report);
  // Weights and slots of the last state that was healthy for kSnapshotEvery steps after it. The count of steps goes on:
  // schedules follow it, and no step of a record has two meanings. Returns the iteration of that state.
  std::uint64_t go_back();
  // Clips the gradients or lowers the learning rate: what was done.
  std::string calm(const StepReport& report);
  // Counts an intervention: is it one too many?
  bool exhausted() { return ++interventions_ > settings_.most; }

 private:
  // How large something positive usually is: running mean and mean absolute deviation of its log10.
  struct Level {
    double mean = 0;
    double deviation = 0;
    std::int64_t count = 0;
    void add(double log);
    bool spike(double log, double least) const;
  };
  struct Snapshot {
    Weights weights;
    Weights slots;
    std::uint64_t iteration = 0;
    double smoothed = 0;
  };

  void keep(Snapshot& snapshot) const;
  bool diverging() const;
  bool risen() const;
  std::string lower_rate();
  std::string clip();

  Heal settings_;
  Model& model_;
  TrainingState& state_;
  Snapshot healthy_, latest_;  // the latest becomes the healthy one when the next is taken
  std::int64_t well_ = 0;      // steps since the latest snapshot
  std::int64_t risen_ = 0;     // steps in a row
  std::int64_t steps_ = 0;     // since the last intervention
  double initial_ = 0;         // mean loss with the first weights
  double smoothed_ = 0;        // of the loss
  double best_ = 0;            // lowest smoothed loss
  Level losses_, norms_;
  std::optional<std::uint64_t> calmed_;  // iteration of the last intervention without a culprit
  int interventions_ = 0;
};

// Samples of the batch that alone make the loss not finite, or a million times that of the others; all when most of
// them do: then it is not the samples.
std::vector<std::int64_t> culprits(const Model& model, TrainingState& state, const Samples& samples,
                                   std::span<const std::int64_t> rows);
// All samples with an input, target or weight that is not finite.
std::vector<std::int64_t> not_finite(const Samples& samples);
// Multiplies a learning rate, or all rates of a schedule.
void scale_rate(Json& rate, double factor);

}  // namespace evenflow
