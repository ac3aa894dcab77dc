#include "evenflow/graph/ops/binary.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/reduce.h"
#include "evenflow/graph/ops/scale.h"
#include "evenflow/graph/ops/strided.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow::ops {
namespace {

using kernels::BinaryOp;

std::string_view name_of(BinaryOp op) {
  switch (op) {
    case BinaryOp::add:
      return "add";
    case BinaryOp::subtract:
      return "subtract";
    case BinaryOp::multiply:
      return "multiply";
    case BinaryOp::divide:
      return "divide";
    case BinaryOp::maximum:
      return "maximum";
    case BinaryOp::minimum:
      return "minimum";
  }
  return "binary";
}

// One row of the general case. Along a row an operand advances or stands still.
void binary_row(BinaryOp op, const float* a, const float* b, float* y, std::size_t count,
                const std::array<std::int64_t, 2>& strides) {
  if (strides[1] == 0) return kernels::binary_scalar(op, a, *b, y, count);
  if (strides[0] == 0) return kernels::binary_scalar_first(op, *a, b, y, count);
  kernels::binary(op, a, b, y, count);
}

// (rows, length) with a short row of `length` elements that meets every row of the other operand. The row is laid out
// several times in scratch, so that the inner loop gets long.
struct RepeatedRow {
  static constexpr std::size_t kTile = 1024;  // elements: stays in the first-level cache

  bool applies = false;
  bool is_first = false;  // the row is the first operand
  std::size_t rows = 0;
  std::size_t length = 0;

  std::size_t copies() const { return kTile / length; }

  void run(BinaryOp op, const float* a, const float* b, float* y, float* tile) const {
    for (std::size_t k = 0; k < copies(); ++k) std::memcpy(tile + k * length, is_first ? a : b, length * sizeof(float));
    parallel_for(rows, row_grain(length), [&](std::size_t begin, std::size_t end) {
      for (std::size_t row = begin; row < end; row += copies()) {
        const std::size_t at = row * length;
        const std::size_t count = std::min(copies(), end - row) * length;
        if (is_first) {
          kernels::binary(op, tile, b + at, y + at, count);
        } else {
          kernels::binary(op, a + at, tile, y + at, count);
        }
      }
    });
  }
};

RepeatedRow repeated_row(const StridedLoop<2>& loop, const Shape& a, const Shape& b) {
  const std::size_t rows = loop.rows();
  const std::size_t length = loop.row_length();
  const auto is_row = [&](const Shape& row, const Shape& whole) {
    return static_cast<std::size_t>(row.count()) == length && static_cast<std::size_t>(whole.count()) == rows * length;
  };
  const bool both_advance = loop.row_strides() == StridedLoop<2>::Offsets{1, 1};
  const bool fits = both_advance && rows > 1 && 2 * length <= RepeatedRow::kTile;
  return {.applies = fits && (is_row(a, b) || is_row(b, a)), .is_first = is_row(a, b), .rows = rows, .length = length};
}

// The gradient of maximum and minimum for one operand: dy where it was chosen, else 0. Inputs: dy, a, b.
class ChoiceGradient : public Operator {
 public:
  ChoiceGradient(BinaryOp op, bool of_first) : op_(op), of_first_(of_first) {}

  std::string_view name() const override { return op_ == BinaryOp::maximum ? "maximum_gradient" : "minimum_gradient"; }
  int in_place_input() const override { return 0; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 3);
    require_same_shape(name(), inputs[0].shape, broadcast_shape(name(), inputs[1].shape, inputs[2].shape));
    return {inputs[0]};
  }

  Kernel bind(const Binding& binding) const override {
    const auto& in = binding.inputs;
    const auto loop = broadcast_loop<2>(in[0].type.shape, {&in[1].type.shape, &in[2].type.shape});
    return [loop, maximum = op_ == BinaryOp::maximum, of_first = of_first_, dy = in[0].f32(), a = in[1].f32(),
            b = in[2].f32(), dx = binding.outputs[0].f32()] {
      const auto strides = loop.row_strides();
      const std::size_t length = loop.row_length();
      loop.for_each_row([&](std::size_t row, const auto& offsets) {
        for (std::size_t i = 0; i < length; ++i) {
          const float a_i = a[offsets[0] + static_cast<std::int64_t>(i) * strides[0]];
          const float b_i = b[offsets[1] + static_cast<std::int64_t>(i) * strides[1]];
          const bool second = maximum ? b_i > a_i : b_i < a_i;
          const std::size_t at = row * length + i;
          dx[at] = second == of_first ? 0.0f : dy[at];
        }
      });
    };
  }

 private:
  BinaryOp op_;
  bool of_first_;
};

// Does `small` broadcast to `large` without `large` growing?
bool covers(const Shape& large, const Shape& small) {
  if (small.rank() > large.rank()) return false;
  for (int axis = 1; axis <= small.rank(); ++axis) {
    if (small[-axis] != 1 && small[-axis] != large[-axis]) return false;
  }
  return true;
}

ValueId add_binary(Graph& graph, BinaryOp op, ValueId a, ValueId b) {
  const int in_place = covers(graph.shape(a), graph.shape(b)) ? 0 : covers(graph.shape(b), graph.shape(a)) ? 1 : -1;
  return graph.add1(std::make_shared<Binary>(op, in_place), {a, b});
}

}  // namespace

Shape broadcast_shape(std::string_view operation, const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::array<std::int64_t, Shape::kMaxRank> dims{};
  for (int axis = 0; axis < rank; ++axis) {
    const int a_axis = axis - (rank - a.rank());
    const int b_axis = axis - (rank - b.rank());
    const std::int64_t a_extent = a_axis < 0 ? 1 : a[a_axis];
    const std::int64_t b_extent = b_axis < 0 ? 1 : b[b_axis];
    if (a_extent != b_extent && a_extent != 1 && b_extent != 1) {
      fail(ErrorKind::shape, "{}: the shapes {} and {} do not broadcast", operation, to_string(a), to_string(b));
    }
    dims[static_cast<std::size_t>(axis)] = a_extent == 1 ? b_extent : a_extent;
  }
  return Shape(std::span<const std::int64_t>(dims.data(), static_cast<std::size_t>(rank)));
}

bool Binary::is_bias_add(const Shape& a, const Shape& b) const {
  return op_ == BinaryOp::add && b.rank() == 1 && a.rank() >= 2 && a.back() == b[0];
}

bool Binary::is_bias_add(std::span<const ValueType> inputs) const {
  return is_bias_add(inputs[0].shape, inputs[1].shape);
}

std::string_view Binary::name() const {
  return name_of(op_);
}

std::vector<ValueType> Binary::infer(std::span<const ValueType> inputs) const {
  require_float32(name(), inputs, 2);
  return {{broadcast_shape(name(), inputs[0].shape, inputs[1].shape)}};
}

std::vector<ValueId> Binary::gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                      std::span<const bool> needed) const {
  const ValueId a = node.inputs[0];
  const ValueId b = node.inputs[1];
  const ValueId y = node.outputs[0];
  const ValueId dy = output_gradients[0];
  ValueId da;
  ValueId db;
  switch (op_) {
    case BinaryOp::add:
      da = db = dy;
      break;
    case BinaryOp::subtract:
      da = dy;
      if (needed[1]) db = negate(graph, dy);
      break;
    case BinaryOp::multiply:
      if (needed[0]) da = multiply(graph, dy, b);
      if (needed[1]) db = multiply(graph, dy, a);
      break;
    case BinaryOp::divide:  // d(a/b)/db = -(a/b)/b
      da = divide(graph, dy, b);
      if (needed[1]) db = negate(graph, multiply(graph, da, y));
      break;
    case BinaryOp::maximum:
    case BinaryOp::minimum:
      if (needed[0]) da = graph.add1(std::make_shared<ChoiceGradient>(op_, true), {dy, a, b});
      if (needed[1]) db = graph.add1(std::make_shared<ChoiceGradient>(op_, false), {dy, a, b});
      break;
  }
  if (needed[0]) da = sum_to(graph, da, graph.shape(a));
  if (needed[1]) db = sum_to(graph, db, graph.shape(b));
  return {da, db};
}

Operator::BlockKernel Binary::block_kernel(std::span<const ValueType> inputs, const ValueType&) const {
  if (inputs[0].shape != inputs[1].shape) return {};
  return [op = op_](const Block& block) {
    kernels::binary(op, block.inputs[0], block.inputs[1], block.output, block.count);
  };
}

std::size_t Binary::scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const {
  const Shape& a = inputs[0].shape;
  const Shape& b = inputs[1].shape;
  const auto loop = broadcast_loop<2>(outputs[0].shape, {&a, &b});
  return repeated_row(loop, a, b).applies ? RepeatedRow::kTile * sizeof(float) : 0;
}

Kernel Binary::bind(const Binding& binding) const {
  const auto& in = binding.inputs;
  const Shape& shape = binding.outputs[0].type.shape;
  const auto loop = broadcast_loop<2>(shape, {&in[0].type.shape, &in[1].type.shape});
  const float* a = in[0].f32();
  const float* b = in[1].f32();
  float* y = binding.outputs[0].f32();
  const auto strides = loop.row_strides();
  const std::size_t rows = loop.rows();
  const std::size_t length = loop.row_length();
  if (rows == 1) {
    return [op = op_, a, b, y, length, strides] { binary_row(op, a, b, y, length, strides); };
  }
  if (op_ == BinaryOp::add && strides[1] == 1 && in[1].count() == length && in[0].count() == rows * length) {
    return [a, b, y, rows, length] { kernels::add_row(a, b, y, rows, length); };
  }
  const RepeatedRow repeated = repeated_row(loop, in[0].type.shape, in[1].type.shape);
  if (repeated.applies) {
    return [op = op_, repeated, a, b, y, tile = reinterpret_cast<float*>(binding.scratch)] {
      repeated.run(op, a, b, y, tile);
    };
  }
  return [op = op_, loop, a, b, y, length, strides] {
    loop.for_each_row([&](std::size_t row, const auto& offsets) {
      binary_row(op, a + offsets[0], b + offsets[1], y + row * length, length, strides);
    });
  };
}

ValueId add(Graph& graph, ValueId a, ValueId b) {
  return add_binary(graph, BinaryOp::add, a, b);
}
ValueId subtract(Graph& graph, ValueId a, ValueId b) {
  return add_binary(graph, BinaryOp::subtract, a, b);
}
ValueId multiply(Graph& graph, ValueId a, ValueId b) {
  return add_binary(graph, BinaryOp::multiply, a, b);
}
ValueId divide(Graph& graph, ValueId a, ValueId b) {
  return add_binary(graph, BinaryOp::divide, a, b);
}
ValueId maximum(Graph& graph, ValueId a, ValueId b) {
  return add_binary(graph, BinaryOp::maximum, a, b);
}
ValueId minimum(Graph& graph, ValueId a, ValueId b) {
  return add_binary(graph, BinaryOp::minimum, a, b);
}

}  // namespace evenflow::ops
