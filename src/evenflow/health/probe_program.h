// One compiled forward and backward pass with taps on every layer, over weights of its own that never change.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "evenflow/graph.h"
#include "evenflow/health/chain.h"
#include "evenflow/health/steady_update.h"
#include "evenflow/model.h"
#include "evenflow/model/lowering.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow {

// Numbers of one layer in one batch. Norms are log10, kZeroNorm for exact zero; absent where nothing was measured.
struct LayerMeasurement {
  std::optional<double> second_moment;
  std::optional<double> variance_fraction;
  std::optional<double> pre_activation_moment;  // E[z^2] of what the activation is applied to
  std::optional<double> mean_slope;
  std::optional<double> mean_square_slope;
  std::optional<double> saturated;
  std::optional<double> dead;
  std::optional<double> backward_norm;
  std::optional<double> pre_activation_norm;
  std::optional<double> weight_gradient_norm;
  std::optional<double> update_norm;  // not log10
  double forward_non_finite = 0;
  double backward_non_finite = 0;
};

// The layer's kernel, or null.
const ParameterInfo* kernel_of(const LoweredLayer& layer);

class ProbeProgram {
 public:
  struct Options {
    std::int64_t batch = 32;
    std::optional<Shape> target;  // of one sample: the loss is the model's. Absent: the cotangent protocol,
    std::size_t at = 0;      // at the output of this layer (before softmax or sigmoid, if it is the model's output)
    std::uint64_t seed = 0;  // of dropout and noise
  };

  // `model` without penalties and metrics.
  ProbeProgram(const Model& model, const Chain& chain, const Options& options);
  ProbeProgram(const ProbeProgram&) = delete;
  ProbeProgram& operator=(const ProbeProgram&) = delete;

  void set_weights(const Weights& weights);
  std::span<float> x() const { return x_; }
  // The targets, or the cotangent.
  std::span<float> y() const { return y_; }

  // Runs the passes for one batch; `step` numbers its random draws. Float32 holds 77 decades and gradients need more:
  // the pass is repeated with powers of two multiplied onto the gradient at the cuts of the chain, until it has a size
  // around 1 everywhere, and the powers are taken out of the results.
  std::vector<LayerMeasurement> run(std::uint64_t step);

  double loss() const { return loss_ == nullptr ? 0 : static_cast<double>(*loss_); }  // of the last run
  const std::vector<LoweredLayer>& layers() const { return layers_; }
  const std::vector<Shape>& output_shapes() const { return shapes_; }  // batch axis included
  int passes() const { return passes_; }                               // of the last run

 private:
  // What is multiplied onto the gradient of a layer's kernel before the optimizer sees it.
  struct GradientFactors {
    double unscale = 1;
    double clip = 1;
  };
  // Results of one layer's taps; null where there is none.
  struct Taps {
    const double* output = nullptr;
    const double* across = nullptr;
    const double* pre_activation = nullptr;
    const double* activation = nullptr;
    const double* output_gradient = nullptr;
    const double* pre_activation_gradient = nullptr;
    const double* kernel_gradient = nullptr;
    const double* update = nullptr;
    std::vector<const double*> parameter_gradients;  // with clipping by global norm: of all trainable ones
  };

  Lowered build(const Model& model, const Options& options);
  void add_forward_taps(Lowered& lowered);
  void add_backward_taps(Lowered& lowered, ValueId loss, ValueId cotangent);
  void compile(Graph graph);
  void bind_taps();
  void apply_factors();
  bool plan_factors();
  bool plan_clipping();
  std::optional<double> norm(const double* moments, int exponent) const;
  int gradient_exponent(std::size_t layer) const;  // of what belongs to the layer's inside: z, kernel
  LayerMeasurement measurement(std::size_t layer) const;

  Chain chain_;
  std::vector<LoweredLayer> layers_;
  std::vector<Shape> shapes_;
  std::optional<Item> optimizer_;
  std::optional<SteadyUpdate> steady_update_;
  std::vector<std::unique_ptr<GradientFactors>> kernel_factors_;  // by layer
  Weights weights_;
  std::vector<float> factors_;   // by layer: multiplied onto the gradient behind the layer's output
  std::vector<int> exponents_;   // the same as powers of two
  std::vector<int> cumulative_;  // by layer: the power that the gradient of its output has got so far
  Program program_;
  std::vector<Taps> taps_;
  std::span<float> x_;
  std::span<float> y_;
  const float* loss_ = nullptr;
  int passes_ = 0;
};

}  // namespace evenflow
