#include "evenflow/graph/ops/layer_statistics.h"

#include <algorithm>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/support.h"
#include "evenflow/tensor/kernels/sample_statistics.h"

namespace evenflow::ops {
namespace {

// Slopes are what the backward kernel makes of a gradient of ones, a chunk at a time.
constexpr std::size_t kChunk = 16384;

struct BoundStatistics {
  SlopeOf slope;
  const float* y;
  const float* z;  // null: not read
  std::size_t samples;
  std::size_t units;
  float* norms;   // samples
  float* ones;    // kChunk, or less when there are fewer elements
  float* slopes;  // of every element
  double* out;

  std::size_t count() const { return samples * units; }

  void run() const {
    const kernels::SampleStatistics s = kernels::sample_statistics(y, samples, units, norms);
    kernels::SlopeStatistics f;
    if (slope.function != nullptr) {
      fill_slopes();
      f = kernels::slope_statistics(slopes, y, samples, units, slope.below, slope.above);
    }
    const double numbers[] = {static_cast<double>(count()),
                              s.squares,
                              s.variance,
                              s.cosine,
                              s.non_finite,
                              f.sum,
                              f.squares,
                              f.saturated,
                              f.dead_units};
    static_assert(std::size(numbers) == kLayerStatisticsSize);
    std::copy(std::begin(numbers), std::end(numbers), out);
  }

  void fill_slopes() const {
    std::fill_n(ones, std::min(kChunk, count()), 1.0f);
    const std::size_t chunks = (count() + kChunk - 1) / kChunk;
    parallel_for(chunks, 2, [this](std::size_t first, std::size_t last) {
      for (std::size_t at = first * kChunk; at < std::min(last * kChunk, count()); at += kChunk) {
        slope.function->backward(z == nullptr ? nullptr : z + at, y + at, ones, slopes + at,
                                 std::min(kChunk, count() - at), slope.parameters);
      }
    });
  }
};

// Inputs: the output, and z if the slope reads it.
class LayerStatisticsOperator : public Operator {
 public:
  explicit LayerStatisticsOperator(const SlopeOf& slope) : slope_(slope) {}

  std::string_view name() const override { return "layer_statistics"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1 + reads_z());
    if (reads_z()) require_same_shape(name(), inputs[0].shape, inputs[1].shape);
    if (inputs[0].shape.rank() == 0) fail(ErrorKind::shape, "layer_statistics: a scalar has no samples");
    return {{Shape{static_cast<std::int64_t>(kLayerStatisticsSize)}, DType::float64}};
  }

  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const override {
    const Shape& shape = inputs[0].shape;
    const auto samples = static_cast<std::size_t>(shape[0]);
    const auto count = static_cast<std::size_t>(shape.count());
    return (samples + (slope_.function == nullptr ? 0 : std::min(kChunk, count) + count)) * sizeof(float);
  }

  Kernel bind(const Binding& binding) const override {
    const Buffer& y = binding.inputs[0];
    const auto samples = static_cast<std::size_t>(y.type.shape[0]);
    auto* scratch = reinterpret_cast<float*>(binding.scratch);
    const BoundStatistics bound{.slope = slope_,
                                .y = y.f32(),
                                .z = reads_z() ? binding.inputs[1].f32() : nullptr,
                                .samples = samples,
                                .units = samples == 0 ? 0 : y.count() / samples,
                                .norms = scratch,
                                .ones = scratch + samples,
                                .slopes = scratch + samples + std::min(kChunk, y.count()),
                                .out = binding.outputs[0].f64()};
    return [bound] { bound.run(); };
  }

 private:
  bool reads_z() const { return slope_.function != nullptr && slope_.function->backward_reads_x; }

  SlopeOf slope_;
};

}  // namespace

ValueId layer_statistics(Graph& graph, ValueId output, ValueId z, const SlopeOf& slope) {
  const bool reads_z = slope.function != nullptr && slope.function->backward_reads_x;
  std::vector<ValueId> inputs{output};
  if (reads_z) inputs.push_back(z);
  return graph.add1(std::make_shared<LayerStatisticsOperator>(slope), std::move(inputs));
}

}  // namespace evenflow::ops
