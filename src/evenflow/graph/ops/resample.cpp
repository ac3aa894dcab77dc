#include "evenflow/graph/ops/resample.h"

#include <memory>
#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

ResampleRows transposed(const ResampleRows& matrix) {
  ResampleRows result{.rows = std::vector<std::vector<ResampleRows::Tap>>(static_cast<std::size_t>(matrix.sources)),
                      .sources = static_cast<std::int64_t>(matrix.rows.size())};
  for (std::size_t row = 0; row < matrix.rows.size(); ++row) {
    for (const auto& [source, weight] : matrix.rows[row]) {
      result.rows[static_cast<std::size_t>(source)].push_back({static_cast<std::int64_t>(row), weight});
    }
  }
  return result;
}

class Resample : public Operator {
 public:
  Resample(int axis, ResampleRows matrix) : axis_(axis), matrix_(std::move(matrix)) {}

  std::string_view name() const override { return "resample"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1);
    const Shape& x = inputs[0].shape;
    if (x[axis_] != matrix_.sources) {
      fail(ErrorKind::shape, "resample: axis {} of the shape {} has not {} elements", axis_, to_string(x),
           matrix_.sources);
    }
    return {{x.with(axis_, static_cast<std::int64_t>(matrix_.rows.size()))}};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node&, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    return {resample(graph, output_gradients[0], axis_, transposed(matrix_))};
  }

  Kernel bind(const Binding& binding) const override {
    const Shape& x = binding.inputs[0].type.shape;
    const auto inner = static_cast<std::size_t>(x.count(axis_ + 1, x.rank()));
    const auto outer = static_cast<std::size_t>(x.count(0, axis_));
    return [matrix = matrix_, inner, outer, x = binding.inputs[0].f32(), y = binding.outputs[0].f32()] {
      const std::size_t rows = matrix.rows.size();
      const auto sources = static_cast<std::size_t>(matrix.sources);
      parallel_for(outer * rows, row_grain(inner), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r) {
          float* to = y + r * inner;
          std::fill_n(to, inner, 0.0f);
          const float* from = x + r / rows * sources * inner;
          for (const auto& [source, weight] : matrix.rows[r % rows]) {
            const float* tap = from + static_cast<std::size_t>(source) * inner;
            for (std::size_t i = 0; i < inner; ++i) to[i] += weight * tap[i];
          }
        }
      });
    };
  }

 private:
  int axis_;
  ResampleRows matrix_;
};

}  // namespace

ValueId resample(Graph& graph, ValueId x, int axis, ResampleRows matrix) {
  const int resolved = resolve_axis("resample", axis, graph.shape(x));
  for (const auto& row : matrix.rows) {
    for (const auto& tap : row) {
      if (tap.source < 0 || tap.source >= matrix.sources)
        fail(ErrorKind::shape, "resample: there is no element {} of {}", tap.source, matrix.sources);
    }
  }
  return graph.add1(std::make_shared<Resample>(resolved, std::move(matrix)), {x});
}

}  // namespace evenflow::ops
