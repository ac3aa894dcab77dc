#include "evenflow/graph/ops/statistics.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/reshape.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

ValueType float64_vector(std::size_t size) {
  return {Shape{static_cast<std::int64_t>(size)}, DType::float64};
}

class MomentsOperator : public Operator {
 public:
  std::string_view name() const override { return "moments"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    return {float64_vector(kernels::kMomentsSize)};
  }

  Kernel bind(const Binding& binding) const override {
    return [x = binding.inputs[0].f32(), count = binding.inputs[0].count(), out = binding.outputs[0].f64()] {
      const kernels::Moments m = kernels::moments(x, count);
      const double numbers[] = {m.count, m.sum, m.sum_of_squares, m.maximum, m.zeros, m.non_finite};
      static_assert(std::size(numbers) == kernels::kMomentsSize);
      std::copy(std::begin(numbers), std::end(numbers), out);
    };
  }
};

class AcrossSamplesOperator : public Operator {
 public:
  std::string_view name() const override { return "across_samples"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    if (inputs[0].shape.rank() == 0) fail(ErrorKind::shape, "across_samples: a scalar has no samples");
    return {float64_vector(2)};
  }

  Kernel bind(const Binding& binding) const override {
    const auto samples = static_cast<std::size_t>(binding.inputs[0].type.shape[0]);
    const std::size_t features = samples == 0 ? 0 : binding.inputs[0].count() / samples;
    return [x = binding.inputs[0].f32(), samples, features, out = binding.outputs[0].f64()] {
      const kernels::AcrossSamples across = kernels::across_samples(x, samples, features);
      out[0] = across.variance;
      out[1] = across.always_zero;
    };
  }
};

// Inputs: z, y. One thread: this runs in probes.
class ActivationStatisticsOperator : public Operator {
 public:
  ActivationStatisticsOperator(const UnaryFunction& function, const UnaryParameters& parameters, double below,
                               double above)
      : function_(function), parameters_(parameters), below_(below), above_(above) {}

  std::string_view name() const override { return "activation_statistics"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 2);
    require_same_shape(name(), inputs[0].shape, inputs[1].shape);
    if (inputs[0].shape.rank() == 0) fail(ErrorKind::shape, "activation_statistics: a scalar has no samples");
    return {float64_vector(kActivationStatisticsSize)};
  }

  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const override {
    const Shape& z = inputs[0].shape;
    return 2 * kBlock * sizeof(float) + static_cast<std::size_t>(z.count(1, z.rank()));
  }

  Kernel bind(const Binding& binding) const override {
    const Shape& shape = binding.inputs[0].type.shape;
    auto* ones = reinterpret_cast<float*>(binding.scratch);
    const Bound bound{.function = &function_,
                      .parameters = parameters_,
                      .below = below_,
                      .above = above_,
                      .samples = static_cast<std::size_t>(shape[0]),
                      .units = static_cast<std::size_t>(shape.count(1, shape.rank())),
                      .z = binding.inputs[0].f32(),
                      .y = binding.inputs[1].f32(),
                      .ones = ones,
                      .slopes = ones + kBlock,
                      .alive = reinterpret_cast<unsigned char*>(ones + 2 * kBlock),
                      .out = binding.outputs[0].f64()};
    return [bound] { bound.run(); };
  }

 private:
  static constexpr std::size_t kBlock = 1024;

  struct Bound {
    const UnaryFunction* function;
    UnaryParameters parameters;
    double below;
    double above;
    std::size_t samples;
    std::size_t units;
    const float* z;
    const float* y;
    float* ones;
    float* slopes;
    unsigned char* alive;  // by unit: is its slope other than zero for some sample?
    double* out;

    void run() const {
      ActivationStatistics s;
      std::fill_n(ones, kBlock, 1.0f);
      std::fill_n(alive, units, static_cast<unsigned char>(0));
      for (std::size_t sample = 0; sample < samples; ++sample) {
        for (std::size_t unit = 0; unit < units; unit += kBlock) add_block(sample, unit, s);
      }
      s.dead_units = samples == 0 ? 0.0 : static_cast<double>(std::count(alive, alive + units, 0));
      const double numbers[] = {s.slope_sum, s.slope_squares, s.saturated, s.dead_units, s.non_finite_slopes};
      static_assert(std::size(numbers) == kActivationStatisticsSize);
      std::copy(std::begin(numbers), std::end(numbers), out);
    }

    void add_block(std::size_t sample, std::size_t unit, ActivationStatistics& s) const {
      const std::size_t count = std::min(kBlock, units - unit);
      const float* z_block = z + sample * units + unit;
      const float* y_block = y + sample * units + unit;
      function->backward(z_block, y_block, ones, slopes, count, parameters);
      for (std::size_t i = 0; i < count; ++i) {
        const auto slope = static_cast<double>(slopes[i]);
        const auto output = static_cast<double>(y_block[i]);
        if (slope != 0) alive[unit + i] = 1;
        if (output <= below || output >= above) ++s.saturated;
        if (!std::isfinite(slope)) {
          ++s.non_finite_slopes;
        } else {
          s.slope_sum += slope;
          s.slope_squares += slope * slope;
        }
      }
    }
  };

  const UnaryFunction& function_;
  UnaryParameters parameters_;
  double below_;
  double above_;
};

class EffectiveUpdate : public Operator {
 public:
  explicit EffectiveUpdate(std::function<double(double)> steady) : steady_(std::move(steady)) {}

  std::string_view name() const override { return "effective_update"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    return {float64_vector(1)};
  }

  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const override {
    return sum_blocks(static_cast<std::size_t>(inputs[0].shape.count())) * sizeof(double);
  }

  Kernel bind(const Binding& binding) const override {
    return [steady = steady_, g = binding.inputs[0].f32(), count = binding.inputs[0].count(),
            partial = reinterpret_cast<double*>(binding.scratch), out = binding.outputs[0].f64()] {
      *out = blockwise_sum(count, partial, [&](std::size_t begin, std::size_t end) {
        double squares = 0;
        for (std::size_t i = begin; i < end; ++i) {
          const double step = steady(std::fabs(static_cast<double>(g[i])));
          squares += step * step;
        }
        return squares;
      });
    };
  }

 private:
  std::function<double(double)> steady_;
};

}  // namespace

ValueId moments(Graph& graph, ValueId x) {
  return graph.add1(std::make_shared<MomentsOperator>(), {x});
}

ValueId across_samples(Graph& graph, ValueId x) {
  return graph.add1(std::make_shared<AcrossSamplesOperator>(), {x});
}

ValueId activation_statistics(Graph& graph, ValueId z, ValueId y, const UnaryFunction& function,
                              const UnaryParameters& parameters, double below, double above) {
  // A layer applied to every time step computes on another shape than it gives out.
  if (graph.shape(z).count() == graph.shape(y).count() && graph.shape(z) != graph.shape(y)) {
    z = reshape(graph, z, graph.shape(y));
  }
  return graph.add1(std::make_shared<ActivationStatisticsOperator>(function, parameters, below, above), {z, y});
}

ValueId effective_update(Graph& graph, ValueId gradient, std::function<double(double)> steady) {
  return graph.add1(std::make_shared<EffectiveUpdate>(std::move(steady)), {gradient});
}

}  // namespace evenflow::ops
