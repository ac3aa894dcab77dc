// One training of a recipe with one seed, in pieces, judged by samples that it does not train on.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evenflow/cure.h"
#include "evenflow/cure/task.h"

namespace evenflow {

// What every candidate is judged by, whatever its own loss.
struct Measure {
  Item metric;  // "categorical_accuracy"
  bool is_loss = false;
  double constant_score = 0;  // of the best prediction that ignores the inputs
  double margin = 0;          // smaller differences do not count

  double score(double value) const;  // larger is better; of something not finite the worst
};
// Accuracy for classes, else the model's own loss (mean squared error where that is a cross-entropy).
Measure measure_for(const Model& model, const Dataset& data, const Tensor& y_held);

// Training samples, and held-out ones: the data's test part, else a random fifth. At most kMostHeld of them.
struct TrialData {
  Tensor x, y, x_held, y_held;
};
inline constexpr std::int64_t kMostHeld = 2000;
TrialData trial_data(const Dataset& data, std::uint64_t seed);

// When to end all trainings.
struct Until {
  const std::atomic<bool>* stop = nullptr;
  std::optional<std::chrono::steady_clock::time_point> deadline;
  bool reached() const {
    return (stop != nullptr && stop->load(std::memory_order_relaxed)) ||
           (deadline && std::chrono::steady_clock::now() >= *deadline);
  }
};

// The largest loss over the first one, each of the mean of some steps: single samples differ too much.
inline constexpr int kPeakSamples = 32;
class Peak {
 public:
  explicit Peak(int steps) : steps_(steps) {}
  void add(double loss);
  double value() const;  // 1 before the first mean is complete

 private:
  int steps_;
  int count_ = 0;
  double sum_ = 0;
  double first_ = 0;
  double largest_ = 0;
};

class Trial {
 public:
  // The data must outlive the trial.
  Trial(const Recipe& recipe, const TrialData& data, const Measure& measure, std::uint64_t seed);

  // Trains until that many steps are done in all, unless the loss ends in NaN or `until` is reached. The same calls
  // give the same result.
  void train_to(std::int64_t steps, const Until& until);
  TrialResult result();          // evaluates
  TrialResult progress() const;  // without the score
  SavedModel saved() const { return network_.saved(); }

 private:
  const TrialData& data_;
  const Measure& measure_;
  Recipe recipe_;
  std::uint64_t seed_;
  Network network_;
  std::uint64_t pieces_ = 0;
  std::int64_t steps_ = 0;
  std::vector<double> losses_;  // of the last steps
  Peak peak_;
  bool finite_ = true;
  double seconds_ = 0;
};

// Of computing: what others do on the machine does not count.
double seconds_of_this_thread();

// Runs the jobs on threads() threads, each of which computes with one. Exceptions of a job are thrown on, the first of
// them, after all have ended.
void run_side_by_side(std::span<const std::function<void()>> jobs);

}  // namespace evenflow
