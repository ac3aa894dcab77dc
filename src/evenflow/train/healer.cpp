#include "evenflow/train/healer.h"

#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow {
namespace {

constexpr std::int64_t kSamples = 64;    // whose loss with the first weights is the initial one
constexpr double kMemory = 50;           // steps
constexpr std::int64_t kMeasured = 50;   // steps before something can be called unusual
constexpr double kFactor = 0.3;          // of the learning rate: two of them are a decade
constexpr double kTooLarge = 20;         // times the initial loss: of a step among the first
constexpr double kLeft = 4;              // of the smoothed loss: it has left for good (theory, section 5.4)
constexpr std::int64_t kSmooth = 20;     // steps before that means anything
constexpr double kLostAgain = 0.25;      // of what was learned
constexpr std::int64_t kRisenFor = 100;  // steps

void copy_into(const Weights& from, Weights& to) {
  for (const auto& [name, tensor] : from.entries()) {
    if (Tensor* own = to.find(name); own != nullptr && own->shape() == tensor.shape()) {
      std::copy(tensor.values().begin(), tensor.values().end(), own->values().begin());
    } else {
      to.set(name, tensor);
    }
  }
}

// Of each sample alone.
std::vector<double> losses_of(const Model& model, TrainingState& state, const Samples& samples,
                              std::span<const std::int64_t> rows) {
  ForwardProgram program(model, state, samples.shapes(1));
  std::vector<double> losses;
  for (const std::int64_t row : rows) {
    samples.gather(std::span(&row, 1), program.memory());
    program.run();
    losses.push_back(program.loss());
  }
  return losses;
}

bool is_finite(const Tensor& tensor, std::int64_t row) {
  const std::int64_t width = tensor.count() / std::max<std::int64_t>(1, tensor.shape()[0]);
  const float* values = tensor.data() + row * width;
  return std::all_of(values, values + width, [](float value) { return std::isfinite(value); });
}

double two_digits(double value) {
  return std::stod(fmt::format("{:.1e}", value));
}

}  // namespace

void Healer::Level::add(double log) {
  ++count;
  const double weight = 1 / std::min(static_cast<double>(count), kMemory);
  if (count > 1) deviation += weight * (std::abs(log - mean) - deviation);
  mean += weight * (log - mean);
}

bool Healer::Level::spike(double log, double least) const {
  return count >= kMeasured && log > mean + std::max(least, 8 * deviation);
}

Healer::Healer(const Heal& settings, Model& model, TrainingState& state, const Samples& samples)
    : settings_(settings), model_(model), state_(state) {
  std::vector<std::int64_t> rows = counted(std::min(kSamples, samples.count()));
  double count = 0;
  for (const double loss : losses_of(model, state, samples, rows)) {
    if (std::isfinite(loss)) initial_ += (std::abs(loss) - initial_) / ++count;
  }
  smoothed_ = best_ = initial_;
  keep(healthy_);
  keep(latest_);
}

void Healer::keep(Snapshot& snapshot) const {
  copy_into(state_.weights, snapshot.weights);
  copy_into(state_.slots, snapshot.slots);
  snapshot.iteration = state_.iterations;
  snapshot.smoothed = smoothed_;
}

// The loss has left what it began with: the steps are too large, whatever the batch.
bool Healer::diverging() const {
  return smoothed_ > 2 * initial_;
}

// A good part of what was learned is lost.
bool Healer::risen() const {
  return steps_ > kMeasured && smoothed_ > 2 * best_ && smoothed_ > best_ + kLostAgain * (initial_ - best_);
}

std::optional<std::string> Healer::trouble(const StepReport& report) {
  constexpr double kLossSpike = 1;    // decades
  constexpr double kNormSpike = 1.5;  // decades
  constexpr double kClipped = 0.99;
  const double loss = report.loss;
  if (!std::isfinite(loss)) return fmt::format("the loss is {}", loss);
  for (const ParameterReport& parameter : report.parameters) {
    if (parameter.non_finite > 0) return fmt::format("the gradient of '{}' is not finite", parameter.name);
  }
  const double log_loss = std::log10(std::max(std::abs(loss), 1e-30));
  const bool early = losses_.count < kMeasured && initial_ > 0 && loss > kTooLarge * initial_;
  if (early) return fmt::format("the loss is {:.3g}; it began with {:.3g}", loss, initial_);
  if (loss > initial_ && losses_.spike(log_loss, kLossSpike)) {
    return fmt::format("the loss is {:.3g}, usually {:.3g}", loss, std::pow(10.0, losses_.mean));
  }
  const double log_norm = report.global_norm > 0 ? std::log10(report.global_norm) : 0;
  const bool measured = report.global_norm > 0;
  if (measured && report.clip_factor > kClipped && norms_.spike(log_norm, kNormSpike)) {
    return fmt::format("the gradient's norm is {:.3g}, usually {:.3g}", report.global_norm,
                       std::pow(10.0, norms_.mean));
  }

  ++steps_;
  const double count = static_cast<double>(steps_);
  smoothed_ += (loss - smoothed_) / std::min(count, kMemory);
  if (steps_ <= kMeasured || smoothed_ < best_) best_ = smoothed_;
  losses_.add(log_loss);
  if (measured) norms_.add(log_norm);
  if (steps_ >= kSmooth && initial_ > 0 && smoothed_ > kLeft * initial_) {
    return fmt::format("the loss has grown from {:.3g} to {:.3g}", initial_, smoothed_);
  }
  risen_ = risen() ? risen_ + 1 : 0;
  if (risen_ >= kRisenFor) {
    return fmt::format("the loss has risen from {:.3g} to {:.3g} and stays there", best_, smoothed_);
  }
  if (++well_ >= kSnapshotEvery && risen_ == 0 && !diverging()) {
    std::swap(healthy_, latest_);
    keep(latest_);
    well_ = 0;
  }
  return std::nullopt;
}

std::uint64_t Healer::go_back() {
  copy_into(healthy_.weights, state_.weights);
  copy_into(healthy_.slots, state_.slots);
  keep(latest_);
  latest_.iteration = healthy_.iteration;
  latest_.smoothed = smoothed_ = healthy_.smoothed;
  losses_ = {};
  steps_ = 0;
  well_ = 0;
  risen_ = 0;
  return healthy_.iteration;
}

std::string Healer::calm(const StepReport& report) {
  const bool again = calmed_ && report.iteration < *calmed_ + 4 * static_cast<std::uint64_t>(kSnapshotEvery);
  calmed_ = report.iteration;
  const bool clipped = clipping(model_.compile->optimizer).kind != Clipping::Kind::none;
  const bool isolated = norms_.count >= kMeasured && !again;
  return isolated && !clipped ? clip() : lower_rate();
}

std::string Healer::lower_rate() {
  Json& rate = model_.compile->optimizer.config["learning_rate"];
  const double before = learning_rate(model_.compile->optimizer, state_.iterations);
  scale_rate(rate, kFactor);
  return fmt::format("learning rate {:.3g} instead of {:.3g}",
                     learning_rate(model_.compile->optimizer, state_.iterations), before);
}

// Two and a half mean deviations are two standard deviations of a normal distribution: one step in fifty is clipped
// (theory, section 4.3).
std::string Healer::clip() {
  const double threshold = two_digits(std::pow(10.0, norms_.mean + 2.5 * norms_.deviation));
  model_.compile->optimizer.config["global_clipnorm"] = threshold;
  return fmt::format("gradients clipped to the global norm {:g} from here on", threshold);
}

std::vector<std::int64_t> not_finite(const Samples& samples) {
  std::vector<std::int64_t> found;
  for (std::int64_t row = 0; row < samples.count(); ++row) {
    const auto bad = [row](const Tensor& tensor) { return !is_finite(tensor, row); };
    if (std::any_of(samples.x.begin(), samples.x.end(), bad) || std::any_of(samples.y.begin(), samples.y.end(), bad) ||
        std::any_of(samples.weights.begin(), samples.weights.end(), bad)) {
      found.push_back(row);
    }
  }
  return found;
}

std::vector<std::int64_t> culprits(const Model& model, TrainingState& state, const Samples& samples,
                                   std::span<const std::int64_t> rows) {
  constexpr double kFar = 1e6;
  constexpr double kSmall = 1e-3;
  const std::vector<double> losses = losses_of(model, state, samples, rows);
  std::vector<double> finite;
  for (const double loss : losses) {
    if (std::isfinite(loss)) finite.push_back(std::abs(loss));
  }
  if (2 * finite.size() < rows.size()) return {rows.begin(), rows.end()};
  const auto middle = finite.begin() + static_cast<std::ptrdiff_t>(finite.size() / 2);
  std::nth_element(finite.begin(), middle, finite.end());
  std::vector<std::int64_t> found;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!std::isfinite(losses[i]) || std::abs(losses[i]) > kFar * std::max(kSmall, *middle)) found.push_back(rows[i]);
  }
  return found;
}

void scale_rate(Json& rate, double factor) {
  if (rate.is_number()) {
    rate = two_digits(factor * rate.get<double>());
    return;
  }
  if (!rate.is_object()) return;
  Json& config = rate["config"];
  for (const char* key : {"initial_learning_rate", "warmup_target", "end_learning_rate"}) {
    if (config.contains(key) && config[key].is_number()) config[key] = factor * config[key].get<double>();
  }
  if (!config.contains("values")) return;
  for (Json& value : config["values"]) value = factor * value.get<double>();
}

}  // namespace evenflow
