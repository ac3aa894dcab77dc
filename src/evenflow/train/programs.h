// The compiled programs of one network: for training and for prediction, one per batch size.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "evenflow/graph.h"
#include "evenflow/model.h"
#include "evenflow/model/lowering.h"
#include "evenflow/train.h"

namespace evenflow {

// Everything that training changes. Programs hold pointers into the tensors, so a tensor may be written to but not
// replaced while programs exist.
struct TrainingState {
  Weights weights;
  Weights slots;
  std::uint64_t iterations = 0;

  // The memory of a model parameter or an optimizer slot.
  float* find(std::string_view name, const Shape& shape);
};

// What a program is compiled for.
struct BatchShapes {
  std::int64_t batch = 1;
  std::vector<Shape> samples;   // of one sample of each input
  std::vector<Shape> targets;   // of one sample of each output's target; empty: no loss
  bool sample_weights = false;  // of the loss
};

// Memory that a batch is written to: inputs, targets and sample weights in order.
struct BatchMemory {
  std::vector<float*> x;
  std::vector<float*> y;
  std::vector<float*> weights;
};

// A training step compiled for one batch size.
class StepProgram {
 public:
  StepProgram(const Model& model, TrainingState& state, const BatchShapes& shapes, StatisticsLevel statistics,
              std::uint64_t seed);

  const BatchMemory& memory() const { return memory_; }
  float* x(std::size_t input = 0) const { return memory_.x[input]; }
  float* y(std::size_t output = 0) const { return memory_.y[output]; }
  // Runs the step and counts it.
  void run(double learning_rate);

  double loss() const { return static_cast<double>(*loss_); }
  double metric(std::size_t index) const { return static_cast<double>(*metrics_[index]); }
  double global_norm() const;  // of the raw gradients; NaN without statistics
  double clip_factor() const;  // see StepReport
  // Filled in by run(); empty without statistics, layers() below full statistics.
  std::span<const ParameterReport> parameters() const { return reports_; }
  std::span<const LayerReport> layers() const { return layer_reports_; }
  const Program& program() const { return program_; }

 private:
  // Where the program leaves the numbers of a parameter; null where there are none.
  struct ParameterTaps {
    std::string name;
    double elements;
    const double* update;
    std::span<const double> exponents;
    const double* clipped_squares;
    const float* clip_scale;  // its own, or that of all
  };
  struct LayerTaps {
    std::string name;
    double units;
    bool has_slope;
    const double* output;
    const double* gradient;
    std::span<const double> time_gradients;
  };

  void bind_taps(const TrainingStep& step);
  static ParameterReport report(const ParameterTaps& taps);
  static LayerReport report(const LayerTaps& taps);

  TrainingState& state_;
  Program program_;
  BatchMemory memory_;
  const float* loss_ = nullptr;
  const float* clip_scale_ = nullptr;
  std::vector<const float*> metrics_;
  std::vector<ParameterTaps> taps_;
  std::vector<LayerTaps> layer_taps_;
  std::vector<ParameterReport> reports_;
  std::vector<LayerReport> layer_reports_;
};

// The forward pass compiled for one batch size, with the loss and metrics when target shapes are given.
class ForwardProgram {
 public:
  ForwardProgram(const Model& model, TrainingState& state, const BatchShapes& shapes);

  const BatchMemory& memory() const { return memory_; }
  float* x(std::size_t input = 0) const { return memory_.x[input]; }
  void run() { program_.run(); }
  double loss() const { return static_cast<double>(*loss_); }
  double metric(std::size_t index) const { return static_cast<double>(*metrics_[index]); }
  std::span<const float> prediction(std::size_t output = 0) const { return predictions_[output]; }

 private:
  Program program_;
  BatchMemory memory_;
  const float* loss_ = nullptr;
  std::vector<const float*> metrics_;
  std::vector<std::span<const float>> predictions_;
};

}  // namespace evenflow
