// One draw of a network's weights, measured.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "evenflow/health.h"
#include "evenflow/health/chain.h"
#include "evenflow/health/probe_batches.h"
#include "evenflow/health/probe_program.h"

namespace evenflow {

struct Draw {
  std::vector<LayerTrace> layers;
  std::vector<std::optional<double>> pre_activation_moments;  // E[z^2] by layer
  double loss = 0;
  bool measured = false;  // at two layers of the path at least
  bool dead = false;      // no gradient arrives at the first
  double total = 0;       // decades between the ends of the path
  double per_layer = 0;   // least-squares slope toward the input
};

// Runs the batches through a program; where the forward pass overflows, through one that ends before the overflow.
// What the constructor takes must outlive the object.
class Prober {
 public:
  Prober(const Model& model, const Chain& chain, const Batches& batches, std::uint64_t seed);

  Draw measure(const Weights& weights, std::uint64_t index);
  const ProbeProgram& whole() const { return *whole_; }

 private:
  std::unique_ptr<ProbeProgram> program(const std::optional<Shape>& target, std::size_t at) const;
  ProbeProgram& ending_at(std::size_t layer);
  std::vector<LayerMeasurement> run(ProbeProgram& program, std::int64_t batch, std::uint64_t index, bool targets) const;
  std::optional<std::size_t> before_overflow(const std::vector<LayerMeasurement>& measured) const;

  const Model& model_;
  const Chain& chain_;
  const Batches& batches_;
  std::uint64_t seed_;
  std::unique_ptr<ProbeProgram> whole_;
  std::map<std::size_t, std::unique_ptr<ProbeProgram>> shorter_;
};

}  // namespace evenflow
