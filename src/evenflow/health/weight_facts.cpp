#include "evenflow/health/weight_facts.h"

#include <bit>
#include <unordered_map>
#include <vector>

#include "evenflow/base/random.h"
#include "evenflow/health/probe_program.h"
#include "evenflow/model/initializer_type.h"

namespace evenflow {
namespace {

// Fraction of units (the last axis) whose weights equal those of another unit, by hash.
double alike_units(const Tensor& kernel) {
  const std::int64_t units = kernel.shape().back();
  const std::int64_t rows = kernel.count() / units;
  std::vector<std::uint64_t> hashes(static_cast<std::size_t>(units), 0);
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t unit = 0; unit < units; ++unit) {
      std::uint64_t& hash = hashes[static_cast<std::size_t>(unit)];
      // -0 and 0 are the same weight.
      hash = mix(hash, std::bit_cast<std::uint32_t>(kernel[row * units + unit] + 0.0f));
    }
  }
  std::unordered_map<std::uint64_t, int> counts;
  for (const std::uint64_t hash : hashes) ++counts[hash];
  double alike = 0;
  for (const std::uint64_t hash : hashes) alike += counts[hash] > 1 ? 1 : 0;
  return alike / static_cast<double>(units);
}

}  // namespace

void add_weight_facts(const LoweredLayer& layer, const Weights& weights, LayerTrace& trace) {
  const ParameterInfo* info = kernel_of(layer);
  if (info == nullptr) return;
  const Tensor& kernel = weights.at(info->name);
  if (kernel.count() == 0 || kernel.shape().rank() < 2) return;
  const double fan_in = fans(info->shape).in;
  double squares = 0;
  for (const float value : kernel.values()) squares += static_cast<double>(value) * static_cast<double>(value);
  trace.weight_gain = fan_in * squares / static_cast<double>(kernel.count());
  const double variance = initializer_type(info->initializer.type).variance(info->shape, info->initializer.config);
  if (variance > 0) trace.drawn_gain = fan_in * variance;
  if (kernel.shape().back() > 1) trace.alike_units = alike_units(kernel);
}

}  // namespace evenflow
