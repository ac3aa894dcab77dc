#include "evenflow/train/record/flight_recorder.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/train/samples.h"

namespace evenflow {
namespace {

// The same memory is used again from the third snapshot on.
void copy_weights(const Weights& from, Weights& to) {
  for (const auto& [name, tensor] : from.entries()) {
    Tensor* own = to.find(name);
    if (own != nullptr && own->shape() == tensor.shape()) {
      std::copy(tensor.values().begin(), tensor.values().end(), own->values().begin());
    } else {
      to.set(name, tensor);
    }
  }
}

bool same_loss(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

std::vector<Tensor> chosen_rows(std::span<const Tensor> from, std::span<const std::int64_t> rows) {
  std::vector<Tensor> chosen;
  for (const Tensor& tensor : from) {
    Shape shape = tensor.shape().with(0, static_cast<std::int64_t>(rows.size()));
    Tensor& to = chosen.emplace_back(shape);
    const std::int64_t width = shape.count(1, shape.rank());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(tensor.data() + rows[i] * width, width, to.data() + static_cast<std::int64_t>(i) * width);
    }
  }
  return chosen;
}

}  // namespace

void FlightRecorder::on_start(const StartReport& report) {
  start_.emplace(report);
  previous_ = {};
  current_ = {};
  begin_leg();
}

void FlightRecorder::begin_leg() {
  std::swap(previous_, current_);
  copy_weights(start_->weights, current_.state.weights);
  copy_weights(start_->slots, current_.state.slots);
  current_.steps.clear();
  current_.used = true;
}

// Not finite; or a gradient ten times its own recent level that is no matter of its usual ups and downs.
std::optional<std::string> FlightRecorder::trouble(const StepReport& report) {
  const auto bad = std::find_if(report.parameters.begin(), report.parameters.end(),
                                [](const ParameterReport& p) { return p.non_finite > 0; });
  if (!std::isfinite(report.loss) || bad != report.parameters.end()) {
    if (std::exchange(not_finite_, true)) return std::nullopt;
    return std::isfinite(report.loss) ? fmt::format("the gradient of '{}' is not finite", bad->name)
                                      : fmt::format("the loss is {}", report.loss);
  }
  not_finite_ = false;
  if (!(report.global_norm > 0)) return std::nullopt;
  constexpr std::int64_t kMemory = 50;
  const double size = std::log10(report.global_norm);
  const bool spike = measured_ >= kMemory && size > level_ + std::max(1.0, 8 * deviation_);
  const double usual = level_;
  ++measured_;
  const double weight = 1.0 / static_cast<double>(std::min(measured_, kMemory));
  if (measured_ > 1) deviation_ += weight * (std::abs(size - level_) - deviation_);
  level_ += weight * (size - level_);
  if (!spike) return std::nullopt;
  return fmt::format("the gradient's norm is {:.3g}, usually {:.3g}", report.global_norm, std::pow(10.0, usual));
}

void FlightRecorder::on_step(const StepReport& report) {
  if (!start_) return;
  if (current_.steps.empty()) current_.state.iterations = report.iteration - 1;
  current_.steps.push_back({.epoch = report.epoch,
                            .learning_rate = report.learning_rate,
                            .loss = report.loss,
                            .rows = {report.rows.begin(), report.rows.end()}});
  if (std::optional<std::string> reason = trouble(report); reason && flights_ < kMostFlights) {
    ++flights_;
    write_flight(report, std::move(*reason));
  }
  if (current_.steps.size() >= kSnapshotEvery) begin_leg();
}

// The weights are others now: nothing before it can be repeated from here.
void FlightRecorder::on_heal(const HealReport&) {
  if (!start_) return;
  current_.used = false;
  begin_leg();
  previous_.used = false;
}

void FlightRecorder::write_flight(const StepReport& report, std::string reason) {
  const Samples samples{.x = start_->x, .y = start_->y, .weights = start_->sample_weight};
  const Leg& first = previous_.used && !previous_.steps.empty() ? previous_ : current_;
  std::vector<const Repeatable*> steps;
  if (&first == &previous_) {
    for (const Repeatable& step : previous_.steps) steps.push_back(&step);
  }
  for (const Repeatable& step : current_.steps) steps.push_back(&step);

  TrainingState state = first.state;
  std::map<std::size_t, StepProgram> programs;  // by batch size
  bool same = true;
  Flight flight{.iteration = report.iteration,
                .reason = std::move(reason),
                .learning_rate = report.learning_rate,
                .seed = start_->seed,
                .weights = {},
                .slots = {},
                .x = chosen_rows(samples.x, report.rows),
                .y = chosen_rows(samples.y, report.rows),
                .sample_weight = chosen_rows(samples.weights, report.rows)};
  for (const Repeatable* step : steps) {
    if (step == steps.back()) {
      flight.weights = state.weights;
      flight.slots = state.slots;
    }
    const std::size_t batch = step->rows.size();
    StepProgram& program =
        programs
            .try_emplace(batch, start_->model, state, samples.shapes(static_cast<std::int64_t>(batch)),
                         StatisticsLevel::full, start_->seed)
            .first->second;
    samples.gather(step->rows, program.memory());
    program.run(step->learning_rate);
    same = same && same_loss(program.loss(), step->loss);
    recorder_.add_details({.epoch = step->epoch,
                           .steps = start_->steps,
                           .iteration = state.iterations,
                           .loss = program.loss(),
                           .global_norm = program.global_norm(),
                           .learning_rate = step->learning_rate,
                           .clip_factor = program.clip_factor(),
                           .parameters = program.parameters(),
                           .layers = program.layers(),
                           .rows = {},
                           .running = {}});
  }
  std::string text = fmt::format("{}: the state before this step is in the record (evenflow replay)", flight.reason);
  if (!same) text += "; repeating the steps before it gave other losses, so the state may be another one";
  recorder_.add_event({report.iteration, "flight", "", std::move(text)});
  recorder_.add_flight(std::move(flight));
}

}  // namespace evenflow
