#include "evenflow/cure/trial.h"

#include <time.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>

#include "evenflow/base/random.h"
#include "evenflow/base/text.h"
#include "evenflow/base/threads.h"

namespace evenflow {
namespace {

constexpr double kWorstLog = -12;        // -log10 of a loss that is not finite, or beyond it
constexpr std::size_t kLastLosses = 20;  // steps that TrialResult::loss is the mean of
constexpr int kHeldBatch = 256;
constexpr double kLeastMargin = 0.01;

double majority_share(const Tensor& y) {
  const std::int64_t width = y.shape().rank() > 1 ? y.shape().back() : 1;
  std::vector<double> counts;
  for (std::int64_t row = 0; row * width < y.count(); ++row) {
    const float* values = y.data() + row * width;
    const auto label = static_cast<std::size_t>(width > 1 ? std::max_element(values, values + width) - values
                                                          : std::lround(values[0]));
    if (label >= counts.size()) counts.resize(label + 1);
    counts[label] += 1;
  }
  double total = 0;
  for (const double count : counts) total += count;
  return *std::max_element(counts.begin(), counts.end()) / total;
}

// Of the mean of each feature of the targets, or the median for absolute errors.
double constant_loss(const std::string& loss, const Tensor& y) {
  const std::int64_t width = y.shape().rank() > 1 ? y.shape().back() : 1;
  const auto rows = static_cast<double>(y.count() / width);
  double sum = 0;
  for (std::int64_t feature = 0; feature < width; ++feature) {
    std::vector<double> values;
    for (std::int64_t i = feature; i < y.count(); i += width) values.push_back(static_cast<double>(y[i]));
    double center = 0;
    for (const double value : values) center += value / rows;
    if (loss == "mean_absolute_error") {
      std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
      center = values[values.size() / 2];
    }
    for (const double value : values) {
      sum += loss == "mean_absolute_error" ? std::abs(value - center) : (value - center) * (value - center);
    }
  }
  return sum / rows / static_cast<double>(width);
}

Tensor rows_of(const Tensor& tensor, std::span<const std::int64_t> rows) {
  std::vector<std::int64_t> extents(tensor.shape().dims().begin(), tensor.shape().dims().end());
  extents[0] = static_cast<std::int64_t>(rows.size());
  Tensor result{Shape(extents)};
  const std::int64_t row = tensor.count() / tensor.shape()[0];
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(tensor.data() + rows[i] * row, row, result.data() + static_cast<std::int64_t>(i) * row);
  }
  return result;
}

Recipe measured_by(Recipe recipe, const Measure& measure) {
  CompileSettings& compile = *recipe.model.compile;
  compile.metrics = {measure.metric};
  return recipe;
}

class Guard : public Observer {
 public:
  Guard(std::int64_t wanted, const Until& until, std::vector<double>& losses, Peak& peak)
      : wanted_(wanted), until_(until), losses_(losses), peak_(peak) {}
  void on_step(const StepReport& report) override {
    ++steps;
    losses_.push_back(report.loss);
    if (losses_.size() > kLastLosses) losses_.erase(losses_.begin());
    if (!std::isfinite(report.loss)) finite = false;
    peak_.add(report.loss);
    if (steps >= wanted_ || !finite || until_.reached()) stop = true;
  }
  std::int64_t steps = 0;
  bool finite = true;
  std::atomic<bool> stop{false};

 private:
  std::int64_t wanted_;
  const Until& until_;
  std::vector<double>& losses_;
  Peak& peak_;
};

}  // namespace

void Peak::add(double loss) {
  sum_ += loss;
  if (++count_ < steps_) return;
  const double mean = sum_ / steps_;
  sum_ = 0;
  count_ = 0;
  if (first_ == 0) first_ = mean;
  largest_ = std::max(largest_, mean);
}

double Peak::value() const {
  return first_ > 0 ? largest_ / first_ : 1;
}

double Measure::score(double value) const {
  if (!is_loss) return std::isfinite(value) ? value : 0;
  return std::isfinite(value) ? std::max(kWorstLog, -std::log10(std::max(value, 1e-12))) : kWorstLog;
}

Measure measure_for(const Model& model, const Dataset& data, const Tensor& y_held) {
  // A difference below the noise of the held-out samples themselves does not count: all seeds share them.
  const auto accuracy = [&](const char* name) {
    const double share = majority_share(y_held);
    const double noise = std::sqrt(share * (1 - share) / static_cast<double>(y_held.shape()[0]));
    return Measure{{name}, false, share, std::max(kLeastMargin, noise)};
  };
  switch (task_of(model, data).kind) {
    case Task::Kind::one_hot:
      return accuracy("categorical_accuracy");
    case Task::Kind::class_numbers:
      return accuracy("sparse_categorical_accuracy");
    case Task::Kind::binary:
      return accuracy("binary_accuracy");
    case Task::Kind::values:
      break;
  }
  Measure measure{.metric = model.compile->loss, .is_loss = true, .margin = 0.05};  // 12 % of the loss
  if (measure.metric.type.find("crossentropy") != std::string::npos) measure.metric = {"mean_squared_error"};
  const bool known = measure.metric.type == "mean_squared_error" || measure.metric.type == "mean_absolute_error";
  measure.constant_score = known ? measure.score(constant_loss(measure.metric.type, y_held)) : kWorstLog;
  return measure;
}

TrialData trial_data(const Dataset& data, std::uint64_t seed) {
  constexpr std::int64_t kLeastSamples = 10;
  if (data.samples() < kLeastSamples) {
    fail(ErrorKind::input, "data {} has {} samples; a cure needs {} to train on and to judge by", data.name,
         data.samples(), kLeastSamples);
  }
  const bool separate = !data.x_test.empty() && !data.y_test.empty();
  const Tensor& held = separate ? data.x_test : data.x;
  std::vector<std::int64_t> rows = Random(seed, stream_of("held-out samples")).permutation(held.shape()[0]);
  const auto all = static_cast<std::int64_t>(rows.size());
  const std::int64_t held_count = std::min(kMostHeld, separate ? all : all / 5);
  const auto held_rows = std::span(rows).first(static_cast<std::size_t>(held_count));
  TrialData result;
  result.x_held = rows_of(held, held_rows);
  result.y_held = rows_of(separate ? data.y_test : data.y, held_rows);
  if (separate) {
    result.x = data.x;
    result.y = data.y;
  } else {
    const auto rest = std::span(rows).subspan(static_cast<std::size_t>(held_count));
    result.x = rows_of(data.x, rest);
    result.y = rows_of(data.y, rest);
  }
  return result;
}

Trial::Trial(const Recipe& recipe, const TrialData& data, const Measure& measure, std::uint64_t seed)
    : data_(data),
      measure_(measure),
      recipe_(measured_by(recipe, measure)),
      seed_(seed),
      network_(recipe_.model, seed),
      peak_((kPeakSamples + recipe.batch_size - 1) / recipe.batch_size) {}

void Trial::train_to(std::int64_t steps, const Until& until) {
  if (!finite_ || steps <= steps_ || until.reached()) return;
  const double start = seconds_of_this_thread();
  Guard guard(steps - steps_, until, losses_, peak_);
  const std::int64_t per_epoch = (data_.x.shape()[0] + recipe_.batch_size - 1) / recipe_.batch_size;
  FitOptions options{.epochs = static_cast<int>((steps - steps_ + per_epoch - 1) / per_epoch),
                     .batch_size = recipe_.batch_size,
                     .shuffle = recipe_.shuffle,
                     .seed = mix(seed_, pieces_++),
                     .statistics = StatisticsLevel::off,
                     .observers = {&guard},
                     .stop = &guard.stop};
  network_.fit(data_.x, data_.y, options);
  steps_ += guard.steps;
  finite_ = guard.finite;
  seconds_ += seconds_of_this_thread() - start;
}

TrialResult Trial::progress() const {
  return {.seed = seed_, .steps = steps_, .peak = peak_.value(), .finite = finite_, .seconds = seconds_};
}

TrialResult Trial::result() {
  TrialResult result = progress();
  result.loss = losses_.empty() ? std::numeric_limits<double>::quiet_NaN() : 0;
  for (const double loss : losses_) result.loss += loss / static_cast<double>(losses_.size());
  double value = std::numeric_limits<double>::quiet_NaN();
  if (finite_) value = network_.evaluate(data_.x_held, data_.y_held, kHeldBatch).metrics.front().second;
  result.score = measure_.score(value);
  return result;
}

double seconds_of_this_thread() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void run_side_by_side(std::span<const std::function<void()>> jobs) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&] {
    set_threads(1);  // of this thread: OpenMP keeps the number by thread
    for (std::size_t i; (i = next++) < jobs.size();) {
      try {
        jobs[i]();
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
      }
    }
  };
  std::vector<std::thread> workers;
  const std::size_t count = std::min(static_cast<std::size_t>(std::max(1, threads())), jobs.size());
  for (std::size_t i = 0; i < count; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace evenflow
