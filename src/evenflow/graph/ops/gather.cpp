#include "evenflow/graph/ops/gather.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

struct Extents {
  std::size_t rows;
  std::size_t width;
};

Extents extents_of(const Shape& table) {
  return {static_cast<std::size_t>(table[0]), static_cast<std::size_t>(table[1])};
}

// The row that an id names; `rows` when there is none.
std::size_t row_of(float id, std::size_t rows) {
  const bool names_one = id > -1.0f && id < static_cast<float>(rows);
  return names_one ? std::min(static_cast<std::size_t>(std::max(id, 0.0f)), rows) : rows;
}

// Inputs: ids, dy. Each thread has rows of the table to itself and takes the ids in their order, so that the sums do
// not depend on the number of threads.
class GatherGradient : public Operator {
 public:
  explicit GatherGradient(const Shape& table) : table_(table) {}

  std::string_view name() const override { return "gather_gradient"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 2);
    require_same_shape(name(), concatenate(inputs[0].shape, Shape{table_[1]}), inputs[1].shape);
    return {{table_}};
  }

  Kernel bind(const Binding& binding) const override {
    return [table = extents_of(table_), count = binding.inputs[0].count(), ids = binding.inputs[0].f32(),
            dy = binding.inputs[1].f32(), dtable = binding.outputs[0].f32()] {
      parallel_for(table.rows, row_grain(table.width), [&](std::size_t begin, std::size_t end) {
        std::fill(dtable + begin * table.width, dtable + end * table.width, 0.0f);
        for (std::size_t i = 0; i < count; ++i) {
          const std::size_t row = row_of(ids[i], table.rows);
          if (row < begin || row >= end) continue;
          const float* const from = dy + i * table.width;
          float* const to = dtable + row * table.width;
          for (std::size_t k = 0; k < table.width; ++k) to[k] += from[k];
        }
      });
    };
  }

 private:
  Shape table_;
};

// Inputs: table, ids.
class Gather : public Operator {
 public:
  std::string_view name() const override { return "gather"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 2);
    const Shape& table = inputs[0].shape;
    if (table.rank() != 2) fail(ErrorKind::shape, "gather: a table {} is not (rows, width)", to_string(table));
    return {{concatenate(inputs[1].shape, Shape{table[1]})}};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool> needed) const override {
    if (!needed[0]) return {ValueId{}, ValueId{}};
    const Shape table = graph.shape(node.inputs[0]);
    return {graph.add1(std::make_shared<GatherGradient>(table), {node.inputs[1], output_gradients[0]}), ValueId{}};
  }

  Kernel bind(const Binding& binding) const override {
    return [size = extents_of(binding.inputs[0].type.shape), count = binding.inputs[1].count(),
            table = binding.inputs[0].f32(), ids = binding.inputs[1].f32(), y = binding.outputs[0].f32()] {
      parallel_for(count, row_grain(size.width), [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          const std::size_t row = row_of(ids[i], size.rows);
          float* const to = y + i * size.width;
          if (row < size.rows) {
            std::copy_n(table + row * size.width, size.width, to);
          } else {
            std::fill_n(to, size.width, std::numeric_limits<float>::quiet_NaN());
          }
        }
      });
    };
  }
};

}  // namespace

ValueId gather(Graph& graph, ValueId table, ValueId ids) {
  return graph.add1(std::make_shared<Gather>(), {table, ids});
}

}  // namespace evenflow::ops
