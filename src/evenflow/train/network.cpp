#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "evenflow/base/random.h"
#include "evenflow/base/text.h"
#include "evenflow/format.h"
#include "evenflow/model/loss_function.h"
#include "evenflow/model/lowering.h"
#include "evenflow/model/metric_function.h"
#include "evenflow/model/optimizer_type.h"
#include "evenflow/train.h"
#include "evenflow/train/healer.h"
#include "evenflow/train/programs.h"
#include "evenflow/train/samples.h"

namespace evenflow {
namespace {

using Logs = std::vector<std::pair<std::string, double>>;

double find_log(const Logs& logs, std::string_view name) {
  for (const auto& [key, value] : logs) {
    if (key == name) return value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

// Means over samples of numbers that come as means over batches. A root (root_mean_squared_error) is averaged as the
// mean square that it is the root of.
class RunningMeans {
 public:
  RunningMeans(std::vector<std::string> names, std::vector<char> roots)
      : roots_(std::move(roots)), sums_(roots_.size(), 0.0) {
    for (std::string& name : names) means_.emplace_back(std::move(name), 0.0);
  }

  void add(std::size_t index, double value, std::int64_t samples) {
    const auto weight = static_cast<double>(samples);
    sums_[index] += weight * (roots_[index] ? value * value : value);
    if (index == 0) samples_ += weight;
    const double mean = sums_[index] / samples_;
    means_[index].second = roots_[index] ? std::sqrt(mean) : mean;
  }

  const Logs& means() const { return means_; }

 private:
  std::vector<char> roots_;
  std::vector<double> sums_;
  double samples_ = 0;
  Logs means_;
};

// "loss" and what the model logs beside it.
RunningMeans running_means(const Model& model, const Samples& samples) {
  std::vector<std::string> names{"loss"};
  std::vector<char> roots{0};
  const BatchShapes shapes = samples.shapes(1);
  const std::vector<Shape> outputs = output_shapes(model, shapes.samples);
  for (LoggedValue& value : logged_values(model)) {
    names.push_back(std::move(value.name));
    if (value.metric.type.empty()) {  // an output's loss
      roots.push_back(0);
      continue;
    }
    const Shape target = concatenate(Shape{1}, shapes.targets[value.output]);
    const Shape output = concatenate(Shape{1}, outputs[value.output]);
    const Item loss = model.compile->of_output(value.output).loss;
    roots.push_back(choose_metric(value.metric, target, output, loss, model.keras.major).root);
  }
  return {std::move(names), std::move(roots)};
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

double History::last(std::string_view name) const {
  return epochs.empty() ? std::numeric_limits<double>::quiet_NaN() : find_log(epochs.back().logs, name);
}

double Evaluation::metric(std::string_view name) const {
  return find_log(metrics, name);
}

struct Network::Impl {
  Model model;
  TrainingState state;
  std::map<std::int64_t, ForwardProgram> predictors{};  // by batch size, for samples of the following shapes
  std::vector<Shape> predictor_samples{};
  bool stop_training = false;

  void require_compiled() const {
    if (!model.compile || !model.compile->has_loss()) {
      fail(ErrorKind::usage, "model '{}' has no loss: compile it first, e.g. with loss \"mse\"", model.name);
    }
  }
  void require_weights() const {
    for (const ParameterInfo& parameter : parameters(model)) {
      const Tensor* tensor = state.weights.find(parameter.name);
      if (tensor == nullptr) fail(ErrorKind::input, "the weights lack '{}'", parameter.name);
      if (tensor->shape() != parameter.shape) {
        fail(ErrorKind::shape, "'{}' has the shape {}, the model wants {}", parameter.name, to_string(tensor->shape()),
             to_string(parameter.shape));
      }
    }
  }
  Evaluation evaluate(const Samples& samples, int batch_size);

  // After training the weights are their moving averages, where the optimizer keeps some.
  void take_moving_averages() {
    for (auto& [name, average] : state.slots.entries()) {
      if (!name.ends_with(kAverage)) continue;
      Tensor& weights = state.weights.at(name.substr(0, name.size() - kAverage.size()));
      std::copy(average.values().begin(), average.values().end(), weights.values().begin());
    }
  }

 private:
  static constexpr std::string_view kAverage = "/average";
};

// One call of fit: the data, the programs and what is logged.
class FitRun {
 public:
  // `stop_training` may be set while it runs.
  FitRun(Model& model, TrainingState& state, const bool& stop_training, const Samples& samples,
         const FitOptions& options)
      : model_(model),
        state_(state),
        stop_training_(stop_training),
        samples_(samples),
        options_(options),
        rows_(counted(samples.count())) {
    for (const Callback& callback : options.callbacks) observers_.push_back(callback.get());
    observers_.insert(observers_.end(), options.observers.begin(), options.observers.end());
  }

  std::span<Observer* const> observers() const { return observers_; }

  std::int64_t steps() const {
    const auto rows = samples_.count() - static_cast<std::int64_t>(left_out_.size());
    return (rows + options_.batch_size - 1) / options_.batch_size;
  }

  // False when it was stopped before the end of the epoch.
  bool epoch(int epoch, Logs& logs) {
    if (options_.shuffle) {
      rows_ = Random(options_.seed, mix(stream_of("shuffle"), static_cast<std::uint64_t>(epoch)))
                  .permutation(samples_.count());
    }
    std::erase_if(rows_, [this](std::int64_t row) { return left_out_.contains(row); });
    RunningMeans means = running_means(model_, samples_);
    const std::span<const std::int64_t> rows(rows_);
    const auto batch_size = static_cast<std::size_t>(options_.batch_size);
    bool finished = true;
    for (std::size_t begin = 0; begin < rows.size() && finished && !stop_training_ && !gave_up_; begin += batch_size) {
      const auto batch = rows.subspan(begin, std::min(batch_size, rows.size() - begin));
      const double rate = learning_rate(model_.compile->optimizer, state_.iterations);
      StepProgram& program = program_for(static_cast<std::int64_t>(batch.size()), statistics_now());
      if (options_.heal && !healer_) healer_.emplace(*options_.heal, model_, state_, samples_);  // the slots exist now
      samples_.gather(batch, program.memory());
      program.run(rate);
      StepReport report = report_of(program, epoch, static_cast<std::int64_t>(begin / batch_size), rate, batch);
      const std::optional<std::string> trouble = healer_ ? healer_->trouble(report) : std::nullopt;
      if (!trouble) {
        means.add(0, program.loss(), static_cast<std::int64_t>(batch.size()));
        for (std::size_t m = 1; m < means.means().size(); ++m) {
          means.add(m, program.metric(m - 1), static_cast<std::int64_t>(batch.size()));
        }
      }
      report.running = means.means();
      for (Observer* observer : observers_) observer->on_step(report);
      if (trouble) heal(report, *trouble);
      finished = !(stop_requested() && begin + batch_size < rows.size());
    }
    logs = means.means();
    return finished && !gave_up_;
  }

  std::vector<HealReport> take_healed() { return std::move(healed_); }

  bool stop_requested() const { return options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed); }

 private:
  // Of the step that comes next.
  StatisticsLevel statistics_now() const {
    const std::uint64_t iteration = state_.iterations + 1;
    const bool measured = iteration == 1 || iteration % static_cast<std::uint64_t>(options_.statistics_interval) == 0;
    return measured ? options_.statistics : level_below(options_.statistics);
  }

  // At most two sizes occur, the batch and what is left at the end, and two levels. All programs work on one state.
  StepProgram& program_for(std::int64_t batch, StatisticsLevel statistics) {
    const auto key = std::pair(batch, statistics);
    const auto found = programs_.find(key);
    if (found != programs_.end()) return found->second;
    return programs_.try_emplace(key, model_, state_, samples_.shapes(batch), statistics, options_.seed).first->second;
  }

  StepReport report_of(const StepProgram& program, int epoch, std::int64_t step, double rate,
                       std::span<const std::int64_t> rows) const {
    return {.epoch = epoch,
            .step = step,
            .steps = steps(),
            .iteration = state_.iterations,
            .loss = program.loss(),
            .global_norm = program.global_norm(),
            .learning_rate = rate,
            .clip_factor = program.clip_factor(),
            .parameters = program.parameters(),
            .layers = program.layers(),
            .rows = rows,
            .running = {}};
  }

  // Back to healthy weights; then without the samples that are to blame, or more carefully.
  void heal(const StepReport& step, const std::string& trouble) {
    HealReport report{.iteration = step.iteration, .epoch = step.epoch, .trouble = trouble, .action = {}};
    const std::uint64_t back = healer_->go_back();
    report.action = back == 0 ? "back to the initial weights" : fmt::format("back to the weights of step {}", back);
    std::vector<std::int64_t> bad = not_finite(samples_);
    std::erase_if(bad, [this](std::int64_t row) { return left_out_.contains(row); });
    if (bad.empty()) bad = culprits(model_, state_, samples_, step.rows);
    if (bad.size() == step.rows.size() && bad.size() > 1) {
      report.action += "; its loss is not finite there either, whatever the sample: no step size helps";
      gave_up_ = true;
    } else if (healer_->exhausted()) {
      report.action += fmt::format("; this is the {}. time: it gives up", options_.heal->most + 1);
      gave_up_ = true;
    } else if (!bad.empty()) {
      left_out_.insert(bad.begin(), bad.end());
      report.action += fmt::format("; {} left out from here on", samples_text(bad));
    } else {
      report.action += "; the batch skipped; " + healer_->calm(step);
      programs_.clear();  // clipping is part of them
    }
    report.gave_up = gave_up_;
    healed_.push_back(report);
    for (Observer* observer : observers_) observer->on_heal(report);
  }

  static std::string samples_text(std::span<const std::int64_t> rows) {
    constexpr std::size_t kMost = 5;
    std::vector<std::string> names;
    for (const std::int64_t row : rows.first(std::min(kMost, rows.size()))) names.push_back(std::to_string(row));
    std::string text = (rows.size() == 1 ? "sample " : "samples ") + join(names);
    if (rows.size() > kMost) text += fmt::format(" and {} more", rows.size() - kMost);
    return text;
  }

  Model& model_;
  TrainingState& state_;
  const bool& stop_training_;
  const Samples& samples_;
  const FitOptions& options_;
  std::vector<Observer*> observers_;
  std::vector<std::int64_t> rows_;
  std::map<std::pair<std::int64_t, StatisticsLevel>, StepProgram> programs_;
  std::optional<Healer> healer_;
  std::set<std::int64_t> left_out_;  // samples
  std::vector<HealReport> healed_;
  bool gave_up_ = false;
};

Network::Network(Model model, std::uint64_t seed) : impl_(std::make_unique<Impl>()) {
  validate(model);
  impl_->state.weights = initialize(model, seed);
  impl_->model = std::move(model);
}

Network::Network(SavedModel saved) : impl_(std::make_unique<Impl>()) {
  validate(saved.model);
  impl_->model = std::move(saved.model);
  impl_->state = {std::move(saved.weights), std::move(saved.optimizer_slots), saved.iterations};
  impl_->require_weights();
}

Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

Network Network::load(const std::filesystem::path& path) {
  return Network(load_model(path));
}

void Network::compile(const Settings& settings) {
  CompileSettings compile;
  compile.optimizer =
      choose_optimizer(Json{{"class_name", settings.optimizer.type}, {"config", settings.optimizer.config}});
  compile.loss = choose_loss(settings.loss);
  for (const std::string& metric : settings.metrics) compile.metrics.push_back({.type = metric});
  impl_->model.compile = std::move(compile);
  impl_->state.slots = {};
  impl_->state.iterations = 0;
}

History Network::fit(const Tensor& x, const Tensor& y, const FitOptions& options) {
  return fit(std::span(&x, 1), std::span(&y, 1), options);
}

History Network::fit(std::span<const Tensor> x, std::span<const Tensor> y, const FitOptions& options) {
  impl_->require_compiled();
  if (options.epochs < 1) fail(ErrorKind::usage, "epochs must be at least 1, not {}", options.epochs);
  if (options.batch_size < 1) fail(ErrorKind::usage, "batch size must be at least 1, not {}", options.batch_size);
  if (options.initial_epoch < 0) {
    fail(ErrorKind::usage, "the initial epoch must be at least 0, not {}", options.initial_epoch);
  }
  if (options.statistics_interval < 1) {
    fail(ErrorKind::usage, "the interval of statistics must be at least 1, not {}", options.statistics_interval);
  }
  Samples training{.x = x, .y = y, .weights = options.sample_weight};
  Samples validation{.x = options.x_validation, .y = options.y_validation, .weights = {}};
  require_samples(impl_->model, training);
  std::pair<OwnedSamples, OwnedSamples> parts;
  if (validation.x.empty() && options.validation_split > 0) {
    parts = split_samples(training, options.validation_split);
    training = parts.first.view();
    validation = parts.second.view();
  }
  std::vector<Tensor> class_weights;
  if (!options.class_weight.empty()) {
    class_weights.push_back(class_sample_weights(training, options.class_weight));
    training.weights = class_weights;
  }
  const bool validates = !validation.x.empty();
  if (validates) require_samples(impl_->model, validation);

  impl_->stop_training = false;
  FitRun run(impl_->model, impl_->state, impl_->stop_training, training, options);
  const StartReport start{.network = *this,
                          .model = impl_->model,
                          .weights = impl_->state.weights,
                          .slots = impl_->state.slots,
                          .iteration = impl_->state.iterations,
                          .x = training.x,
                          .y = training.y,
                          .sample_weight = training.weights,
                          .epochs = options.epochs,
                          .batch_size = options.batch_size,
                          .steps = run.steps(),
                          .seed = options.seed};
  for (Observer* observer : run.observers()) observer->on_start(start);
  History history;
  for (int epoch = options.initial_epoch; epoch < options.epochs && !history.stopped; ++epoch) {
    for (Observer* observer : run.observers()) observer->on_epoch_begin(epoch);
    const auto epoch_start = std::chrono::steady_clock::now();
    EpochReport report{.epoch = epoch, .epochs = options.epochs};
    const bool finished = run.epoch(epoch, report.logs);
    if (finished && validates) {
      const Evaluation evaluation = impl_->evaluate(validation, options.batch_size);
      report.logs.emplace_back("val_loss", evaluation.loss);
      for (const auto& [name, value] : evaluation.metrics) report.logs.emplace_back("val_" + name, value);
    }
    report.seconds = seconds_since(epoch_start);
    for (Observer* observer : run.observers()) observer->on_epoch(report);
    history.epochs.push_back(std::move(report));
    const bool asked = run.stop_requested() || impl_->stop_training;
    history.stopped = !finished || (asked && epoch + 1 < options.epochs);
  }
  history.healed = run.take_healed();
  impl_->take_moving_averages();
  for (Observer* observer : run.observers()) observer->on_end();
  return history;
}

Evaluation Network::Impl::evaluate(const Samples& samples, int batch_size) {
  RunningMeans means = running_means(model, samples);
  std::map<std::int64_t, ForwardProgram> programs;
  const std::vector<std::int64_t> rows = counted(samples.count());
  for (std::size_t begin = 0; begin < rows.size(); begin += static_cast<std::size_t>(batch_size)) {
    const auto batch =
        std::span(rows).subspan(begin, std::min(static_cast<std::size_t>(batch_size), rows.size() - begin));
    const auto size = static_cast<std::int64_t>(batch.size());
    ForwardProgram& program = programs.try_emplace(size, model, state, samples.shapes(size)).first->second;
    samples.gather(batch, program.memory());
    program.run();
    means.add(0, program.loss(), size);
    for (std::size_t m = 1; m < means.means().size(); ++m) means.add(m, program.metric(m - 1), size);
  }
  Evaluation evaluation{.loss = means.means().front().second};
  evaluation.metrics.assign(means.means().begin() + 1, means.means().end());
  return evaluation;
}

Evaluation Network::evaluate(const Tensor& x, const Tensor& y, int batch_size) {
  return evaluate(std::span(&x, 1), std::span(&y, 1), batch_size);
}

Evaluation Network::evaluate(std::span<const Tensor> x, std::span<const Tensor> y, int batch_size) {
  impl_->require_compiled();
  if (batch_size < 1) fail(ErrorKind::usage, "batch size must be at least 1, not {}", batch_size);
  const Samples samples{.x = x, .y = y, .weights = {}};
  require_samples(impl_->model, samples);
  return impl_->evaluate(samples, batch_size);
}

Tensor Network::predict(const Tensor& x, int batch_size) {
  return std::move(predict(std::span(&x, 1), batch_size).front());
}

std::vector<Tensor> Network::predict(std::span<const Tensor> x, int batch_size) {
  require_inputs(impl_->model, x);
  if (batch_size < 1) fail(ErrorKind::usage, "batch size must be at least 1, not {}", batch_size);
  const Samples samples{.x = x, .y = {}, .weights = {}};
  std::vector<Shape> shapes = sample_shapes(x);
  std::vector<Tensor> predictions;
  for (const Shape& shape : output_shapes(impl_->model, shapes)) {
    predictions.emplace_back(concatenate(Shape{samples.count()}, shape));
  }
  if (impl_->predictor_samples != shapes) impl_->predictors.clear();
  impl_->predictor_samples = std::move(shapes);
  const std::vector<std::int64_t> rows = counted(samples.count());
  for (std::size_t begin = 0; begin < rows.size(); begin += static_cast<std::size_t>(batch_size)) {
    const auto batch =
        std::span(rows).subspan(begin, std::min(static_cast<std::size_t>(batch_size), rows.size() - begin));
    const auto size = static_cast<std::int64_t>(batch.size());
    ForwardProgram& program =
        impl_->predictors.try_emplace(size, impl_->model, impl_->state, samples.shapes(size)).first->second;
    samples.gather(batch, program.memory());
    program.run();
    for (std::size_t i = 0; i < predictions.size(); ++i) {
      const std::span<const float> part = program.prediction(i);
      std::copy(part.begin(), part.end(), predictions[i].data() + begin * (part.size() / batch.size()));
    }
  }
  return predictions;
}

void Network::save(const std::filesystem::path& path) const {
  save_model(path, saved());
}

const Model& Network::model() const {
  return impl_->model;
}
const Weights& Network::weights() const {
  return impl_->state.weights;
}

Weights& Network::weights() {
  impl_->predictors.clear();  // they point into the tensors, which the caller may replace
  return impl_->state.weights;
}

SavedModel Network::saved() const {
  return {impl_->model, impl_->state.weights, impl_->state.slots, impl_->state.iterations};
}

std::uint64_t Network::iterations() const {
  return impl_->state.iterations;
}

double Network::learning_rate() const {
  impl_->require_compiled();
  return evenflow::learning_rate(impl_->model.compile->optimizer, impl_->state.iterations);
}

void Network::set_learning_rate(double rate) {
  impl_->require_compiled();
  if (!(rate >= 0)) fail(ErrorKind::usage, "a learning rate must be a number from 0, not {}", rate);
  Json& setting = impl_->model.compile->optimizer.config["learning_rate"];
  if (setting.is_object()) {
    fail(ErrorKind::usage, "the learning rate follows the schedule {}: it cannot be set",
         setting.value("class_name", std::string("of the optimizer")));
  }
  setting = rate;
}

void Network::stop_training() {
  impl_->stop_training = true;
}

}  // namespace evenflow
