// The lab's training: what happens, as events, at a pace that an eye can follow.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "evenflow/base/json_text.h"
#include "evenflow/base/text.h"
#include "evenflow/base/threads.h"
#include "evenflow/data.h"
#include "evenflow/health/run_watcher.h"
#include "evenflow/serve/lab.h"
#include "evenflow/train.h"

namespace evenflow::serve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMostTrainings = 2;
constexpr double kLeastSeconds = 5;    // of a training, so that it can be watched
constexpr double kStepSeconds = 0.05;  // between two events of each kind
constexpr double kBoundarySeconds = 0.25;
constexpr std::int64_t kGrid = 48;         // points of the boundary along each axis
constexpr std::int64_t kMostPoints = 600;  // of the data, in "start"

// Counts the trainings that run.
class Place {
 public:
  Place() {
    if (++taken_ <= kMostTrainings) return;
    --taken_;
    fail(ErrorKind::usage, "{} trainings are running in the lab already; stop one, or wait", kMostTrainings);
  }
  ~Place() { --taken_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  static inline std::atomic<int> taken_{0};
};

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
};

// Of one coordinate, with a margin.
Range range_of(const Tensor& points, std::int64_t axis) {
  Range range;
  for (std::int64_t i = axis; i < 2 * points.shape()[0]; i += 2) {
    range.low = std::min<double>(range.low, points[i]);
    range.high = std::max<double>(range.high, points[i]);
  }
  const double margin = 0.15 * (range.high - range.low);
  return {range.low - margin, range.high + margin};
}

Json samples_of(const Dataset& data) {
  Json samples = Json::array();
  for (std::int64_t i = 0; i < std::min(data.samples(), kMostPoints); ++i) {
    samples.push_back({data.x[2 * i], data.x[2 * i + 1], data.y[i]});
  }
  return samples;
}

// Row by row from low y.
Tensor grid_of(const Range& x, const Range& y) {
  Tensor grid({kGrid * kGrid, 2});
  const auto at = [](const Range& range, std::int64_t i) {
    return static_cast<float>(range.low + (range.high - range.low) * (static_cast<double>(i) + 0.5) / kGrid);
  };
  for (std::int64_t row = 0; row < kGrid; ++row) {
    for (std::int64_t column = 0; column < kGrid; ++column) {
      grid[2 * (row * kGrid + column)] = at(x, column);
      grid[2 * (row * kGrid + column) + 1] = at(y, row);
    }
  }
  return grid;
}

// True once per so many seconds.
class Rhythm {
 public:
  explicit Rhythm(double seconds) : seconds_(seconds) {}
  bool due() {
    if (Clock::now() < next_) return false;
    next_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds_));
    return true;
  }

 private:
  double seconds_;
  Clock::time_point next_{};
};

class Broadcast : public Observer {
 public:
  Broadcast(EventStream& stream, const SavedModel& saved, const Dataset& data)
      : stream_(stream),
        viewer_(saved),
        x_(range_of(data.x, 0)),
        y_(range_of(data.x, 1)),
        grid_(grid_of(x_, y_)),
        samples_(samples_of(data)) {
    for (const ParameterInfo& parameter : parameters(saved.model)) {
      if (parameter.variable == "kernel") kernels_.push_back({parameter.name, parameter.layer});
    }
  }

  void on_start(const StartReport& report) override {
    weights_ = &report.weights;
    least_seconds_per_step_ = kLeastSeconds / static_cast<double>(report.epochs * report.steps);
    began_ = Clock::now();
    Json layers = Json::array();
    for (const auto& [name, layer] : kernels_) layers.push_back(layer);
    send("start", {{"layers", layers}, {"samples", samples_}, {"x", {x_.low, x_.high}}, {"y", {y_.low, y_.high}}});
    send_boundary();
  }

  void on_step(const StepReport& report) override {
    if (step_rhythm_.due()) send_step(report);
    if (boundary_rhythm_.due()) send_boundary();
    const double due = static_cast<double>(report.iteration) * least_seconds_per_step_;
    const double spent = std::chrono::duration<double>(Clock::now() - began_).count();
    if (due > spent && !stream_.wait(due - spent)) stop_ = true;
  }

  void send_boundary() {
    for (const auto& [name, value] : weights_->entries()) viewer_.weights().at(name) = value;
    const Tensor predicted = viewer_.predict(grid_, static_cast<int>(kGrid * kGrid));
    Json values = Json::array();
    for (const float p : predicted.values())
      values.push_back(std::isfinite(p) ? Json(std::round(p * 1e3) / 1e3) : Json());
    send("boundary", {{"size", kGrid}, {"values", std::move(values)}});
  }

  void send(std::string_view event, const Json& data) {
    if (!stream_.send(event, data)) stop_ = true;
  }

  const std::atomic<bool>& stop() const { return stop_; }

 private:
  void send_step(const StepReport& report) {
    Json norms = Json::array();
    for (const auto& [name, layer] : kernels_) {
      const auto found = std::find_if(report.parameters.begin(), report.parameters.end(),
                                      [&](const ParameterReport& one) { return one.name == name; });
      const bool known = found != report.parameters.end() && found->gradient_norm > 0;
      norms.push_back(known ? number(std::log10(found->gradient_norm)) : Json());
    }
    Json accuracy;
    for (const auto& [name, value] : report.running) {
      if (name == "accuracy") accuracy = number(value);
    }
    send("step", {{"iteration", report.iteration},
                  {"epoch", report.epoch},
                  {"loss", number(report.loss)},
                  {"accuracy", accuracy},
                  {"log10_gradient_norm", std::move(norms)},
                  {"global_norm", number(report.global_norm)},
                  {"clip_factor", number(report.clip_factor)}});
  }

  EventStream& stream_;
  Network viewer_;  // predicts with copies of the weights
  const Weights* weights_ = nullptr;
  Range x_, y_;
  Tensor grid_;
  Json samples_;
  std::vector<std::pair<std::string, std::string>> kernels_;  // parameter, layer
  double least_seconds_per_step_ = 0;
  Clock::time_point began_;
  Rhythm step_rhythm_{kStepSeconds}, boundary_rhythm_{kBoundarySeconds};
  std::atomic<bool> stop_{false};
};

class StopWhenBroken : public Observer {
 public:
  void on_step(const StepReport& report) override {
    if (std::isfinite(report.loss)) return;
    broken = true;
    if (network_ != nullptr) network_->stop_training();
  }
  void on_start(const StartReport& report) override { network_ = &report.network; }
  bool broken = false;

 private:
  Network* network_ = nullptr;
};

std::string verdict(bool broken, double accuracy) {
  constexpr double kLearned = 0.95;
  constexpr double kGuessing = 0.6;
  if (broken) return "The loss is no number any more: the gradients exploded.";
  const std::string percent = fmt::format("{:.0f} % of the points are on the right side.", 100 * accuracy);
  return (accuracy >= kLearned    ? "It has learned: "
          : accuracy <= kGuessing ? "It has learned nothing: "
                                  : "It has learned a part: ") +
         percent;
}

void train(const LabState& state, EventStream& stream) {
  set_threads(1);  // more threads only cost in networks so small
  const SavedModel saved = lab_model(state);
  const Dataset data = fit_to_model(load_data(state.data), saved.model);
  Broadcast broadcast(stream, saved, data);
  StopWhenBroken guard;
  std::map<std::string, Json> findings;  // the newest of each rule
  const auto send_findings = [&] {
    Json all = Json::array();
    for (const auto& [rule, finding] : findings) all.push_back(finding);
    broadcast.send("findings", all);
  };
  RunWatcher watcher(describe_run(saved.model, state.data, state.batch_size), [&](const Finding& finding) {
    findings[finding.rule] = to_json(finding);
    send_findings();
  });
  Network network(saved);
  const History history = network.fit(data.x, data.y,
                                      {.epochs = state.epochs,
                                       .batch_size = state.batch_size,
                                       .seed = state.seed,
                                       .statistics = StatisticsLevel::full,
                                       .statistics_interval = 8,
                                       .observers = {&broadcast, &guard, &watcher},
                                       .stop = &broadcast.stop()});
  if (broadcast.stop()) return;
  broadcast.send_boundary();
  findings.clear();
  for (const Finding& finding : examine(watcher.run())) findings[finding.rule] = to_json(finding);
  send_findings();
  const Evaluation evaluation = network.evaluate(data.x, data.y, 256);
  const double accuracy = evaluation.metric("accuracy");
  stream.send("done", {{"loss", number(evaluation.loss)},
                       {"accuracy", number(accuracy)},
                       {"verdict", verdict(guard.broken, accuracy)}});
}

}  // namespace

HttpServer::Events lab_training(const LabState& state) {
  lab_model(state);  // what is wrong with it is said before the first event
  const auto place = std::make_shared<Place>();
  return [state, place](EventStream& stream) { train(state, stream); };
}

}  // namespace evenflow::serve
