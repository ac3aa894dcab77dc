#include "evenflow/graph/ops/row_loss.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/binary.h"
#include "evenflow/graph/ops/scale.h"
#include "evenflow/graph/ops/support.h"
#include "evenflow/tensor/kernels/elementwise.h"

namespace evenflow::ops {
namespace {

using Parameters = std::array<double, kRowParameters>;

constexpr std::size_t kRowGrainElements = 2048;  // a row's function costs a few logarithms per element

// How a target and a prediction divide into rows.
struct Rows {
  std::size_t count;
  std::size_t width;
  std::size_t target_width;
};

Rows rows_of(const Shape& target, const Shape& prediction) {
  const auto rows = static_cast<std::size_t>(row_count(prediction));
  const auto width = static_cast<std::size_t>(prediction.back());
  return {rows, width, target == prediction ? width : 1};
}

void require_rows(std::string_view operation, const Shape& target, const Shape& prediction) {
  const int rank = prediction.rank();
  if (rank == 0) fail(ErrorKind::shape, "{}: a prediction needs at least one axis", operation);
  if (target == prediction || target == prediction.with(rank - 1, 1) || target == prediction.slice(0, rank - 1)) return;
  fail(ErrorKind::shape, "{}: a target of shape {} does not fit a prediction of shape {}; right would be {} or {}",
       operation, to_string(target), to_string(prediction), to_string(prediction),
       to_string(prediction.with(rank - 1, 1)));
}

// One weight input: weights[r / rows_per_weight] belongs to row r.
struct RowWeight {
  const float* weights;
  std::size_t rows_per_weight;
};

std::vector<RowWeight> row_weights(std::span<const Buffer> inputs, std::size_t rows) {
  std::vector<RowWeight> weights;
  for (const Buffer& input : inputs.subspan(2)) weights.push_back({input.f32(), rows / input.count()});
  return weights;
}

// Multiplies rows [begin, end) of values, and of the gradient unless it is null, with their weights.
void apply_weights(const std::vector<RowWeight>& weights, std::size_t width, std::size_t begin, std::size_t end,
                   double* values, float* gradient) {
  for (const RowWeight& weight : weights) {
    for (std::size_t r = begin; r < end; ++r) {
      const float factor = weight.weights[r / weight.rows_per_weight];
      // A row of weight zero does not count, whatever padding made of it.
      values[r] = factor == 0.0f ? 0.0 : values[r] * static_cast<double>(factor);
      if (gradient == nullptr) continue;
      float* const row = gradient + r * width;
      if (factor == 0.0f) {
        std::fill_n(row, width, 0.0f);
      } else {
        kernels::scale(row, factor, row, width);
      }
    }
  }
}

// The mean of the rows' values, added in the rows' order. `values` holds a number per row; `gradient` may be null.
double mean_over_rows(const RowFunction& function, const Parameters& parameters, const Rows& rows, const float* target,
                      const float* prediction, const std::vector<RowWeight>& weights, double* values, float* gradient) {
  const auto per_row = 1.0f / static_cast<float>(rows.count);
  parallel_for(rows.count, std::max<std::size_t>(1, kRowGrainElements / std::max<std::size_t>(1, rows.width)),
               [&](std::size_t begin, std::size_t end) {
                 for (std::size_t r = begin; r < end; ++r) {
                   const Row row{.target = target + r * rows.target_width,
                                 .target_width = rows.target_width,
                                 .prediction = prediction + r * rows.width,
                                 .width = rows.width,
                                 .parameters = parameters.data()};
                   values[r] = function.evaluate(row, gradient == nullptr ? nullptr : gradient + r * rows.width);
                 }
                 apply_weights(weights, rows.width, begin, end, values, gradient);
                 if (gradient == nullptr) return;
                 float* const part = gradient + begin * rows.width;
                 kernels::scale(part, per_row, part, (end - begin) * rows.width);
               });
  double sum = 0;
  for (std::size_t r = 0; r < rows.count; ++r) sum += values[r];
  return sum / static_cast<double>(rows.count);
}

// Inputs: target, prediction, weights.
class RowOperator : public Operator {
 public:
  RowOperator(const RowFunction& function, const Parameters& parameters)
      : function_(function), parameters_(parameters) {}

  std::string_view name() const override { return function_.name; }

  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const override {
    return static_cast<std::size_t>(row_count(inputs[1].shape)) * sizeof(double);
  }

 protected:
  void require_inputs(std::span<const ValueType> inputs) const {
    require_float32(name(), inputs, inputs.size());
    require_rows(name(), inputs[0].shape, inputs[1].shape);
    for (const ValueType& weight : inputs.subspan(2)) {
      const int rank = weight.shape.rank();
      if (rank < inputs[1].shape.rank() && weight.shape == inputs[1].shape.slice(0, rank)) continue;
      fail(ErrorKind::shape, "{}: weights of shape {} do not fit a prediction of shape {}", name(),
           to_string(weight.shape), to_string(inputs[1].shape));
    }
  }

  const RowFunction& function_;
  Parameters parameters_;
};

// Outputs: the mean, and its gradient with respect to the prediction.
class RowLoss : public RowOperator {
 public:
  using RowOperator::RowOperator;

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_inputs(inputs);
    return {{Shape{}}, inputs[1]};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool> needed) const override {
    if (needed[0]) fail(ErrorKind::unsupported, "{}: a loss has no gradient for its target", name());
    if (std::find(needed.begin() + 2, needed.end(), true) != needed.end()) {
      fail(ErrorKind::unsupported, "{}: a loss has no gradient for its weights", name());
    }
    if (output_gradients[1]) fail(ErrorKind::unsupported, "{}: a loss can be differentiated once only", name());
    const ValueId dmean = output_gradients[0];
    std::vector<ValueId> gradients(node.inputs.size());
    const auto factor = constant_scalar(graph, dmean);
    gradients[1] = factor ? scale(graph, node.outputs[1], *factor) : multiply(graph, node.outputs[1], dmean);
    return gradients;
  }

  Kernel bind(const Binding& binding) const override {
    const Buffer& target = binding.inputs[0];
    const Buffer& prediction = binding.inputs[1];
    const Rows rows = rows_of(target.type.shape, prediction.type.shape);
    return [function = &function_, parameters = parameters_, rows, weights = row_weights(binding.inputs, rows.count),
            target = target.f32(), prediction = prediction.f32(), values = reinterpret_cast<double*>(binding.scratch),
            mean = binding.outputs[0].f32(), gradient = binding.outputs[1].f32()] {
      *mean = static_cast<float>(
          mean_over_rows(*function, parameters, rows, target, prediction, weights, values, gradient));
    };
  }
};

class RowMetric : public RowOperator {
 public:
  RowMetric(const RowFunction& function, const Parameters& parameters, bool root)
      : RowOperator(function, parameters), root_(root) {}

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_inputs(inputs);
    return {{Shape{}}};
  }

  Kernel bind(const Binding& binding) const override {
    const Buffer& target = binding.inputs[0];
    const Buffer& prediction = binding.inputs[1];
    const Rows rows = rows_of(target.type.shape, prediction.type.shape);
    return [function = &function_, parameters = parameters_, root = root_, rows,
            weights = row_weights(binding.inputs, rows.count), target = target.f32(), prediction = prediction.f32(),
            values = reinterpret_cast<double*>(binding.scratch), result = binding.outputs[0].f32()] {
      const double mean = mean_over_rows(*function, parameters, rows, target, prediction, weights, values, nullptr);
      *result = static_cast<float>(root ? std::sqrt(mean) : mean);
    };
  }

 private:
  bool root_;
};

class MaskWeights : public Operator {
 public:
  std::string_view name() const override { return "mask_weights"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    return {inputs[0]};
  }

  Kernel bind(const Binding& binding) const override {
    return [mask = binding.inputs[0].f32(), count = binding.inputs[0].count(), weights = binding.outputs[0].f32()] {
      double sum = 0;
      for (std::size_t i = 0; i < count; ++i) sum += static_cast<double>(mask[i]);
      const auto factor = static_cast<float>(sum > 0 ? static_cast<double>(count) / sum : 0.0);
      kernels::scale(mask, factor, weights, count);
    };
  }
};

std::vector<ValueId> inputs_of(ValueId target, ValueId prediction, std::vector<ValueId> weights) {
  weights.insert(weights.begin(), {target, prediction});
  return weights;
}

}  // namespace

ValueId row_loss(Graph& graph, ValueId target, ValueId prediction, const RowFunction& function,
                 const Parameters& parameters, std::vector<ValueId> weights) {
  return graph.add(std::make_shared<RowLoss>(function, parameters),
                   inputs_of(target, prediction, std::move(weights)))[0];
}

ValueId row_metric(Graph& graph, ValueId target, ValueId prediction, const RowFunction& function,
                   const Parameters& parameters, bool root, std::vector<ValueId> weights) {
  return graph.add1(std::make_shared<RowMetric>(function, parameters, root),
                    inputs_of(target, prediction, std::move(weights)));
}

ValueId mask_weights(Graph& graph, ValueId mask) {
  return graph.add1(std::make_shared<MaskWeights>(), {mask});
}

}  // namespace evenflow::ops
