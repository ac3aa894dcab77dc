#include "evenflow/cure/course.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "evenflow/cure/rates.h"
#include "evenflow/cure/statistics.h"

namespace evenflow {
namespace {

constexpr std::int64_t kTimedSteps = 6;  // at least
constexpr std::int64_t kSweepSteps = 90;
constexpr double kSweepBegin = 1e-3;  // times the recipe's rate
constexpr double kSweepDecades = 7;
// Theory, section 5.4: the loss smoothed by 0.98 over 400 steps is by 0.9 over 90; it has left for good at 4 times the
// lowest.
constexpr double kSmoothing = 0.9;
constexpr double kLeft = 4;

class CourseObserver : public Observer {
 public:
  CourseObserver(Course& course, const Until& until) : course_(course), until_(until) {}

  void on_step(const StepReport& report) override {
    const double now = seconds_of_this_thread();
    if (seen_ == 0) {
      start_ = now;  // the first step compiles
    } else {
      course_.seconds_per_step = (now - start_) / static_cast<double>(seen_);
    }
    if (++seen_ >= kCourseSteps || until_.reached() || (!course_.finite && seen_ >= kTimedSteps)) stop = true;
    if (!course_.finite) return;  // what follows shows the time of a step and nothing else
    course_.losses.push_back(report.loss);
    double squares = 0;
    double largest = 0;
    for (const ParameterReport& parameter : report.parameters) {
      squares += parameter.gradient_norm * parameter.gradient_norm;
      largest = std::max(largest, parameter.gradient_maximum);
    }
    if (std::isfinite(squares)) {
      course_.global_norms.push_back(std::sqrt(squares));
      elements.push_back(largest);
    }
    const bool gradients = std::all_of(report.parameters.begin(), report.parameters.end(),
                                       [](const ParameterReport& parameter) { return parameter.non_finite == 0; });
    course_.finite = std::isfinite(report.loss) && std::isfinite(squares) && gradients;
  }
  std::vector<double> elements;
  std::atomic<bool> stop{false};

 private:
  Course& course_;
  const Until& until_;
  std::int64_t seen_ = 0;
  double start_ = 0;
};

class SweepObserver : public Observer {
 public:
  SweepObserver(Course& course, const Until& until) : course_(course), until_(until) {}

  void on_step(const StepReport& report) override {
    ++count_;
    smoothed_ = kSmoothing * smoothed_ + (1 - kSmoothing) * report.loss;
    const double loss = smoothed_ / (1 - std::pow(kSmoothing, count_));
    const bool left = !std::isfinite(loss) || (count_ > 5 && loss > kLeft * lowest_);
    if (left && count_ > 1) course_.unstable_rate = report.learning_rate;  // at the first no rate has acted yet
    if (!left && loss < lowest_) {
      lowest_ = loss;
      course_.best_rate = report.learning_rate;
    }
    if (left || count_ >= kSweepSteps || until_.reached()) stop = true;
  }
  std::atomic<bool> stop{false};

 private:
  Course& course_;
  const Until& until_;
  int count_ = 0;
  double smoothed_ = 0;
  double lowest_ = std::numeric_limits<double>::infinity();
};

void run_steps(const Recipe& recipe, const TrialData& data, std::uint64_t seed, std::int64_t steps,
               StatisticsLevel statistics, Observer& observer, const std::atomic<bool>& stop) {
  Recipe plain = recipe;
  plain.model.compile->metrics.clear();
  Network network(plain.model, seed);
  const std::int64_t per_epoch = (data.x.shape()[0] + recipe.batch_size - 1) / recipe.batch_size;
  network.fit(data.x, data.y,
              {.epochs = static_cast<int>((steps + per_epoch - 1) / per_epoch),
               .batch_size = recipe.batch_size,
               .seed = seed,
               .statistics = statistics,
               .observers = {&observer},
               .stop = &stop});
}

}  // namespace

Course watch_course(const Recipe& recipe, const TrialData& data, std::uint64_t seed, const Until& until) {
  Course course;
  CourseObserver observer(course, until);
  run_steps(recipe, data, seed, kCourseSteps, StatisticsLevel::norms, observer, observer.stop);
  course.median_norm = median(course.global_norms);
  for (const double norm : course.global_norms) course.largest_norm = std::max(course.largest_norm, norm);
  course.median_element = median(observer.elements);
  return course;
}

void sweep_rates(Course& course, const Recipe& recipe, const TrialData& data, std::uint64_t seed, const Until& until) {
  Recipe swept = recipe;
  const double rate = present_rate(recipe);
  if (!(rate > 0)) return;
  set_rate(swept, {{"class_name", "ExponentialDecay"},
                   {"config",
                    {{"initial_learning_rate", kSweepBegin * rate},
                     {"decay_steps", kSweepSteps},
                     {"decay_rate", std::pow(10.0, kSweepDecades)},
                     {"staircase", false}}}});
  SweepObserver observer(course, until);
  run_steps(swept, data, seed, kSweepSteps, StatisticsLevel::off, observer, observer.stop);
}

}  // namespace evenflow
