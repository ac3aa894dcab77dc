// What training and evaluation work on: a tensor per input, per output and per sample weight.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "evenflow/model.h"
#include "evenflow/tensor.h"
#include "evenflow/train/programs.h"

namespace evenflow {

// Shapes of one sample of each tensor.
std::vector<Shape> sample_shapes(std::span<const Tensor> tensors);

// A view; the tensors must outlive it.
struct Samples {
  std::span<const Tensor> x;
  std::span<const Tensor> y;
  std::span<const Tensor> weights;

  std::int64_t count() const { return x.front().shape()[0]; }
  BatchShapes shapes(std::int64_t batch) const;
  // Copies the chosen rows of every tensor to where a program reads them.
  void gather(std::span<const std::int64_t> rows, const BatchMemory& memory) const;
};

// Throw Error(input) when the tensors do not fit the model or each other; weights must be (samples) or absent.
void require_inputs(const Model& model, std::span<const Tensor> x);
void require_samples(const Model& model, const Samples& samples);

// The same with memory of its own.
struct OwnedSamples {
  std::vector<Tensor> x, y, weights;
  Samples view() const { return {.x = x, .y = y, .weights = weights}; }
};
// The first and the last rows; the last ones are `fraction` of all, as Keras divides them.
std::pair<OwnedSamples, OwnedSamples> split_samples(const Samples& samples, double fraction);

// The weight of each sample's class; 1 for classes without. Throws Error(usage) for several outputs or beside sample
// weights.
Tensor class_sample_weights(const Samples& samples, const std::map<int, double>& class_weight);

// 0, 1, ..., count - 1.
std::vector<std::int64_t> counted(std::int64_t count);

}  // namespace evenflow
