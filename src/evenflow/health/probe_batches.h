// What a probe feeds to a network: batches of data, or of random numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "evenflow/health.h"

namespace evenflow {

class Batches {
 public:
  // Throws Error(usage) for options that make no batch, Error(input) for data that does not fit the model.
  // `options` must outlive the object.
  Batches(const Model& model, const ProbeOptions& options);

  std::int64_t size() const { return size_; }
  std::int64_t count() const { return count_; }
  std::string source() const;  // "circles", "standard normal inputs"
  // Shape of one sample's target; absent: the cotangent protocol.
  std::optional<Shape> target() const;

  // The inputs of a batch: samples in a random order, or random numbers of that draw: standard normal, or tokens where
  // the model takes them (without 0, which may be padding).
  void fill_inputs(std::span<float> x, std::int64_t batch, std::uint64_t draw) const;
  void fill_targets(std::span<float> y, std::int64_t batch) const;
  // Standard normal numbers over the batch size: a mean over the batch, as losses are.
  void fill_cotangent(std::span<float> y, std::int64_t batch, std::uint64_t draw) const;

 private:
  void gather(const Tensor& from, std::int64_t batch, std::span<float> to) const;
  std::uint64_t seed(std::int64_t batch, std::uint64_t draw) const;

  const ProbeOptions& options_;
  const Dataset* data_;
  std::int64_t size_ = 0;
  std::int64_t count_ = 0;
  std::vector<std::int64_t> order_;
  bool with_targets_ = false;
  std::int64_t tokens_ = 0;  // how many different ones the input holds; 0: it holds numbers
};

}  // namespace evenflow
