#include "evenflow/graph/ops/row_loss.h"

#include <cmath>
#include <memory>

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

// The mean of the rows' values, added in the rows' order. `values` holds a number per row; `gradient` may be null.
double mean_over_rows(const RowFunction& function, const Parameters& parameters, const Rows& rows, const float* target,
                      const float* prediction, double* values, float* gradient) {
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
                 if (gradient == nullptr) return;
                 float* const part = gradient + begin * rows.width;
                 kernels::scale(part, per_row, part, (end - begin) * rows.width);
               });
  double sum = 0;
  for (std::size_t r = 0; r < rows.count; ++r) sum += values[r];
  return sum / static_cast<double>(rows.count);
}

// Inputs: target, prediction.
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
    require_float32(name(), inputs, 2);
    require_rows(name(), inputs[0].shape, inputs[1].shape);
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
    if (output_gradients[1]) fail(ErrorKind::unsupported, "{}: a loss can be differentiated once only", name());
    const ValueId dmean = output_gradients[0];
    if (const auto factor = constant_scalar(graph, dmean)) return {{}, scale(graph, node.outputs[1], *factor)};
    return {{}, multiply(graph, node.outputs[1], dmean)};
  }

  Kernel bind(const Binding& binding) const override {
    const Buffer& target = binding.inputs[0];
    const Buffer& prediction = binding.inputs[1];
    return [function = &function_, parameters = parameters_, rows = rows_of(target.type.shape, prediction.type.shape),
            target = target.f32(), prediction = prediction.f32(), values = reinterpret_cast<double*>(binding.scratch),
            mean = binding.outputs[0].f32(), gradient = binding.outputs[1].f32()] {
      *mean = static_cast<float>(mean_over_rows(*function, parameters, rows, target, prediction, values, gradient));
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
    return
        [function = &function_, parameters = parameters_, root = root_,
         rows = rows_of(target.type.shape, prediction.type.shape), target = target.f32(), prediction = prediction.f32(),
         values = reinterpret_cast<double*>(binding.scratch), result = binding.outputs[0].f32()] {
          const double mean = mean_over_rows(*function, parameters, rows, target, prediction, values, nullptr);
          *result = static_cast<float>(root ? std::sqrt(mean) : mean);
        };
  }

 private:
  bool root_;
};

}  // namespace

ValueId row_loss(Graph& graph, ValueId target, ValueId prediction, const RowFunction& function,
                 const Parameters& parameters) {
  return graph.add(std::make_shared<RowLoss>(function, parameters), {target, prediction})[0];
}

ValueId row_metric(Graph& graph, ValueId target, ValueId prediction, const RowFunction& function,
                   const Parameters& parameters, bool root) {
  return graph.add1(std::make_shared<RowMetric>(function, parameters, root), {target, prediction});
}

}  // namespace evenflow::ops
