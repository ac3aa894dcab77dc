#include "evenflow/graph/ops/clip_norm.h"

#include <cmath>
#include <limits>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/support.h"
#include "evenflow/tensor/kernels/elementwise.h"

namespace evenflow::ops {
namespace {

class NormScale : public Operator {
 public:
  explicit NormScale(double threshold) : threshold_(threshold) {}

  std::string_view name() const override { return "norm_scale"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    return {{Shape{}}};
  }

  Kernel bind(const Binding& binding) const override {
    return [threshold = threshold_, g = binding.inputs[0].f32(), count = binding.inputs[0].count(),
            y = binding.outputs[0].f32()] {
      const double norm = std::sqrt(kernels::sum_of_squares(g, count));
      *y = static_cast<float>(norm <= threshold ? 1.0 : threshold / norm);  // NaN compares false and stays NaN
    };
  }

 private:
  double threshold_;
};

class GlobalNorm : public Operator {
 public:
  explicit GlobalNorm(std::size_t count) : count_(count) {}

  std::string_view name() const override { return "global_norm"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, count_);
    return {{Shape{}, DType::float64}};
  }

  Kernel bind(const Binding& binding) const override {
    const std::vector<Buffer> gradients(binding.inputs.begin(), binding.inputs.end());
    return [gradients, y = binding.outputs[0].f64()] {
      double squares = 0;
      for (const Buffer& gradient : gradients) squares += kernels::sum_of_squares(gradient.f32(), gradient.count());
      *y = std::sqrt(squares);
    };
  }

 private:
  std::size_t count_;
};

class GlobalNormScale : public Operator {
 public:
  explicit GlobalNormScale(double threshold) : threshold_(threshold) {}

  std::string_view name() const override { return "global_norm_scale"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    if (inputs.size() != 1 || inputs[0] != ValueType{Shape{}, DType::float64}) {
      fail(ErrorKind::shape, "global_norm_scale: takes a float64 scalar, not {}", to_string(inputs[0].shape));
    }
    return {{Shape{}}};
  }

  Kernel bind(const Binding& binding) const override {
    return [threshold = threshold_, n = binding.inputs[0].f64(), y = binding.outputs[0].f32()] {
      const double norm = *n;
      *y = !std::isfinite(norm) ? std::numeric_limits<float>::quiet_NaN()
                                : static_cast<float>(norm <= threshold ? 1.0 : threshold / norm);
    };
  }

 private:
  double threshold_;
};

void require_threshold(std::string_view operation, double threshold) {
  if (!(threshold > 0)) fail(ErrorKind::usage, "{}: the threshold {} is not positive", operation, threshold);
}

}  // namespace

ValueId norm_scale(Graph& graph, ValueId gradient, double threshold) {
  require_threshold("norm_scale", threshold);
  return graph.add1(std::make_shared<NormScale>(threshold), {gradient});
}

ValueId global_norm(Graph& graph, std::vector<ValueId> gradients) {
  const auto op = std::make_shared<GlobalNorm>(gradients.size());
  return graph.add1(op, std::move(gradients));
}

ValueId global_norm_scale(Graph& graph, ValueId norm, double threshold) {
  require_threshold("global_norm_scale", threshold);
  return graph.add1(std::make_shared<GlobalNormScale>(threshold), {norm});
}

}  // namespace evenflow::ops
