// Training: what a run is made of (Recipe), who watches it (Observer), and the network that learns (Network).
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "evenflow/data.h"
#include "evenflow/model.h"
#include "evenflow/statistics.h"
#include "evenflow/tensor.h"

namespace evenflow {

// Everything that determines a run, as a value.
struct Recipe {
  Model model;
  std::string data;  // as load_data takes it
  int epochs = 1;
  int batch_size = 32;
  double validation_split = 0.0;
  bool shuffle = true;
  std::uint64_t seed = 0;
  friend bool operator==(const Recipe&, const Recipe&) = default;
};
Json to_json(const Recipe& recipe);
Recipe recipe_from_json(const Json& json);

// Numbers of one parameter at a step. Of the raw gradient (before clipping) unless said otherwise; elements that are
// not finite are counted and left out of all other numbers.
struct ParameterReport {
  std::string_view name;
  double gradient_norm = 0;
  double gradient_maximum = 0;  // of the absolute values
  double gradient_mean = 0;
  double zero_fraction = 0;
  double non_finite = 0;
  double clipped_norm = 0;  // of the gradient after clipping
  double weight_norm = 0;   // before the update
  double update_norm = 0;   // of the change, clipping included
  double update_ratio = 0;  // update_norm / weight_norm; infinite for weights that are all zero (a fresh bias)
  std::span<const double> exponents = {};  // histogram of kExponentBins bins; empty below full statistics
};

// Numbers of one layer's output at a step with full statistics; NaN where one makes no sense. Elements that are not
// finite are counted and left out of all other numbers.
struct LayerReport {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  std::string_view name;
  double second_moment = kNone;      // E[a^2]
  double variance_fraction = kNone;  // share of it that differs from sample to sample, 0..1
  double cosine = kNone;             // mean over pairs of samples
  double mean_slope = kNone;         // E[f'(z)] of the activation
  double mean_square_slope = kNone;  // E[f'(z)^2]
  double saturated = kNone;          // fraction of outputs beyond the activation's saturation bounds
  double dead = kNone;               // fraction of units whose slope is 0 for every sample of the batch
  double gradient_norm = kNone;      // |dL/d output|
  double non_finite = 0;             // elements of the output and of its gradient
  // Of a recurrent layer: |dL/d state| at each time step, first to last.
  std::span<const double> time_gradient_norms = {};
};

class Network;

// What a call of fit starts with. The references stay valid, and weights and slots current, until it returns.
struct StartReport {
  Network& network;  // for callbacks: they may stop it, set its learning rate and the values of its weights
  const Model& model;
  const Weights& weights;
  const Weights& slots;  // of the optimizer; those that a first step adds start with their initial values
  std::uint64_t iteration;
  std::span<const Tensor> x, y, sample_weight;  // training part
  int epochs, batch_size;
  std::int64_t steps;  // per epoch
  std::uint64_t seed;
};

struct StepReport {
  int epoch = 0;                // from 0
  std::int64_t step = 0;        // in this epoch, from 0
  std::int64_t steps = 0;       // in this epoch
  std::uint64_t iteration = 0;  // since the start of training: 1 after the first step
  double loss = 0;              // of this batch
  double global_norm = 0;       // of all raw gradients; NaN when one is not finite or was not measured
  double learning_rate = 0;
  double clip_factor = 1;  // norm of all gradients after clipping over the norm before; NaN when not measured
  std::span<const ParameterReport> parameters;  // empty with statistics off
  std::span<const LayerReport> layers;          // empty below full statistics
  std::span<const std::int64_t> rows;           // the samples of the batch
  // Means over the epoch so far, as Keras logs them: "loss", then the metrics.
  std::span<const std::pair<std::string, double>> running;
};

// A step that went wrong, and what was done about it (FitOptions::heal).
struct HealReport {
  std::uint64_t iteration = 0;  // of the step
  int epoch = 0;                // from 0
  std::string trouble;          // "the loss is nan"
  std::string action;           // "back to the weights of step 50; learning rate 0.03 instead of 0.1"
  bool gave_up = false;         // training ends, with the weights of the last healthy step
  friend bool operator==(const HealReport&, const HealReport&) = default;
};

struct EpochReport {
  int epoch = 0;
  int epochs = 0;
  double seconds = 0;
  std::vector<std::pair<std::string, double>> logs;  // "loss", metrics, then the same with "val_"
};

// Implemented by whoever watches: progress bars, recorders, the health room. Called on the training thread.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_start(const StartReport&) {}
  virtual void on_epoch_begin(int) {}  // the epoch, from 0
  virtual void on_step(const StepReport&) {}
  virtual void on_heal(const HealReport&) {}  // after on_step of the step that went wrong
  virtual void on_epoch(const EpochReport&) {}
  virtual void on_end() {}  // of a fit that was not ended by an exception
};
// An observer that is made for one fit; evenflow/callbacks.h has Keras's.
using Callback = std::shared_ptr<Observer>;

// Keeps a training alive: after a step with a loss or gradient that is not finite, a spike, or a loss that rises for
// good, weights and optimizer go back to the last healthy state kept in memory; the batch is skipped; samples that are
// not finite are left out from then on, otherwise gradients are clipped or the learning rate is lowered.
struct Heal {
  int most = 10;  // interventions; then it gives up
};

struct FitOptions {
  int epochs = 1;  // the number after the last: with initial_epoch fewer are trained
  int batch_size = 32;
  double validation_split = 0.0;               // the last fraction of the data, taken before shuffling
  std::span<const Tensor> x_validation = {};   // instead of a split: one tensor per input
  std::span<const Tensor> y_validation = {};   // one per output
  std::span<const Tensor> sample_weight = {};  // (samples) for each output; empty: all 1
  std::map<int, double> class_weight = {};     // instead: of each class in training; classes that are missing have 1
  bool shuffle = true;
  std::uint64_t seed = 0;
  StatisticsLevel statistics = StatisticsLevel::norms;
  // The first step and those whose iteration is a multiple of this measure so; the others one level below.
  int statistics_interval = 1;
  int initial_epoch = 0;
  std::optional<Heal> heal = {};
  std::vector<Callback> callbacks = {};
  std::vector<Observer*> observers = {};    // after the callbacks
  const std::atomic<bool>* stop = nullptr;  // set by a signal handler: training ends after the step
};

// Weights that give every class the same share of the loss: samples / (classes * samples of the class). Targets are
// class indices or one-hot rows.
std::map<int, double> balanced_class_weights(const Tensor& targets);

struct History {
  std::vector<EpochReport> epochs;  // the last may be partial when stopped
  bool stopped = false;
  std::vector<HealReport> healed;
  // Last value of a log ("loss", "val_accuracy"); NaN when there is none.
  double last(std::string_view name) const;
};

struct Evaluation {
  double loss = 0;
  std::vector<std::pair<std::string, double>> metrics;
  double metric(std::string_view name) const;  // NaN when there is none
};

// A model with its weights and its optimizer's state. Reads like a Keras model.
// Not thread-safe; different networks may be used on different threads.
class Network {
 public:
  explicit Network(Model model, std::uint64_t seed = 0);  // fresh weights
  explicit Network(SavedModel saved);
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;
  ~Network();
  static Network load(const std::filesystem::path& path);

  struct Settings {
    Item optimizer = SGD{};
    std::string loss;
    std::vector<std::string> metrics = {};
  };
  // Throws Error: unknown names, two clippings at once.
  void compile(const Settings& settings);

  // x (samples, input shape...), y (samples, ...). Throws Error(usage) when not compiled, Error(input) when the data
  // does not fit. Weights and optimizer state carry over between calls.
  History fit(const Tensor& x, const Tensor& y, const FitOptions& options = {});
  Evaluation evaluate(const Tensor& x, const Tensor& y, int batch_size = 32);
  Tensor predict(const Tensor& x, int batch_size = 32);
  // The same for models with several inputs or outputs: a tensor for each, in the model's order.
  History fit(std::span<const Tensor> x, std::span<const Tensor> y, const FitOptions& options = {});
  Evaluation evaluate(std::span<const Tensor> x, std::span<const Tensor> y, int batch_size = 32);
  std::vector<Tensor> predict(std::span<const Tensor> x, int batch_size = 32);
  void save(const std::filesystem::path& path) const;

  const Model& model() const;
  const Weights& weights() const;
  Weights& weights();
  SavedModel saved() const;
  std::uint64_t iterations() const;

  // Of the optimizer, now. Setting throws Error(usage) when it follows a schedule.
  double learning_rate() const;
  void set_learning_rate(double rate);
  // Asks a running fit to end: in an epoch after the step, with its validation; at an epoch's end before the next.
  void stop_training();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A chain of layers: Sequential net({Input{{2}}, Dense{16, "relu"}, Dense{1}});
class Sequential : public Network {
 public:
  explicit Sequential(std::vector<Layer> layers, std::uint64_t seed = 0)
      : Network(sequential(std::move(layers)), seed) {}
};

}  // namespace evenflow
