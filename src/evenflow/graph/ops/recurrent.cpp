#include "evenflow/graph/ops/recurrent.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/binary.h"
#include "evenflow/graph/ops/matmul.h"
#include "evenflow/graph/ops/reduce.h"
#include "evenflow/graph/ops/slice.h"
#include "evenflow/graph/ops/support.h"
#include "evenflow/graph/ops/transpose.h"
#include "evenflow/tensor/backend/small_matmul.h"

namespace evenflow::ops {
namespace {

// Samples that one thread takes through all time steps: their steps wait for nobody.
constexpr std::int64_t kBlockRows = 16;
// Numbers in a recurrent kernel that fit the second cache level beside a block's states. A larger one is multiplied
// with the whole batch by the library, on all threads, step by step.
constexpr std::int64_t kCachedKernel = 1 << 19;

struct Extents {
  std::int64_t time, batch, units, gates;
  std::int64_t width() const { return gates * units; }
  std::int64_t block() const { return units * width() <= kCachedKernel ? std::min(batch, kBlockRows) : batch; }
  std::int64_t blocks() const { return (batch + block() - 1) / block(); }
  bool library() const { return units * width() > kCachedKernel; }
};

// A product of a block's rows with a matrix (k, n); a shorter last block has a plan of its own.
class Product {
 public:
  Product() = default;
  Product(const Extents& e, std::int64_t n, std::int64_t k, bool bias, bool accumulate) : block_(e.block()) {
    for (const std::int64_t rows : {e.block(), e.batch - (e.blocks() - 1) * e.block()}) {
      const backend::MatmulShape shape{.m = rows, .n = n, .k = k};
      const backend::Epilogue epilogue{.bias = bias, .accumulate = accumulate};
      plans_[rows == e.block() ? 0 : 1] =
          e.library() ? backend::plan_matmul(shape, epilogue) : backend::plan_small_matmul(shape, epilogue);
    }
  }
  std::size_t scratch_bytes() const { return std::max(plans_[0].scratch_bytes, plans_[1].scratch_bytes); }
  void run(std::size_t rows, const float* a, const float* b, const float* bias, float* c, std::byte* scratch) const {
    plans_[static_cast<std::int64_t>(rows) == block_ ? 0 : 1].run(a, b, bias, c, scratch);
  }

 private:
  std::int64_t block_ = 0;
  std::array<backend::Plan, 2> plans_;
};

std::size_t aligned(std::size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

// Memory of one block inside of the operator's scratch.
class Arena {
 public:
  explicit Arena(std::byte* base) : base_(base) {}
  float* floats(std::int64_t count) {
    float* const result = reinterpret_cast<float*>(base_ + used_);
    used_ += aligned(static_cast<std::size_t>(count) * sizeof(float));
    return result;
  }
  std::byte* bytes(std::size_t count) {
    std::byte* const result = base_ + used_;
    used_ += aligned(count);
    return result;
  }
  std::size_t used() const { return used_; }

 private:
  std::byte* base_;
  std::size_t used_ = 0;
};

// body(first row, rows, block) for every block, on all threads unless the products themselves use them.
template <class Body>
void for_each_block_of(const Extents& e, const Body& body) {
  const auto run = [&](std::size_t first, std::size_t last) {
    for (std::size_t b = first; b < last; ++b) {
      const auto row = b * static_cast<std::size_t>(e.block());
      body(row, std::min(static_cast<std::size_t>(e.block()), static_cast<std::size_t>(e.batch) - row), b);
    }
  };
  if (e.library()) return run(0, static_cast<std::size_t>(e.blocks()));
  parallel_for(static_cast<std::size_t>(e.blocks()), 1, run);
}

// Positions of the forward operator's inputs and outputs. Absent inputs and outputs are scalars.
enum Input { kProjected, kKernel, kBias, kHidden, kCell, kMask, kScale, kCandidateKernel, kInputs };
enum Output { kGates, kHiddenStates, kCellStates, kExtra, kPreActivation, kOutputs };

bool present(const ValueType& type) {
  return type.shape.rank() > 0;
}

Extents extents_of(const Shape& projected, const Shape& hidden, Cell cell) {
  return {.time = projected[0], .batch = projected[1], .units = hidden[1], .gates = gate_count(cell)};
}

class Recurrent : public Operator {
 public:
  explicit Recurrent(const RecurrentOptions& options) : options_(options) {}

  std::string_view name() const override { return "recurrent"; }
  int in_place_input() const override { return kProjected; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, kInputs);
    const Shape& projected = inputs[kProjected].shape;
    const Shape& hidden = inputs[kHidden].shape;
    if (projected.rank() != 3 || hidden.rank() != 2) {
      fail(ErrorKind::shape, "recurrent: projected inputs of shape {} and a state of shape {}", to_string(projected),
           to_string(hidden));
    }
    const Extents e = extents_of(projected, hidden, options_.cell);
    const auto require = [&](Input input, const Shape& shape, const char* what) {
      if (!present(inputs[input]) || inputs[input].shape == shape) return;
      fail(ErrorKind::shape, "recurrent: the {} has the shape {}, not {}", what, to_string(inputs[input].shape),
           to_string(shape));
    };
    require(kProjected, {e.time, e.batch, e.width()}, "projected input");
    require(kKernel, {e.units, options_.cell == Cell::gru ? 2 * e.units : e.width()}, "recurrent kernel");
    require(kCandidateKernel, {e.units, e.units}, "candidate's kernel");
    require(kBias, {e.width()}, "recurrent bias");
    require(kHidden, {e.batch, e.units}, "initial hidden state");
    require(kCell, {e.batch, e.units}, "initial cell state");
    require(kMask, {e.time, e.batch}, "mask");
    require(kScale, {e.batch, e.units}, "scale of the hidden state");
    const bool lstm = options_.cell == Cell::lstm;
    const Shape states{e.time + 1, e.batch, e.units};
    const Shape steps{e.time, e.batch, e.units};
    return {{projected},
            {states},
            {lstm ? states : Shape{}},
            {options_.cell == Cell::simple ? Shape{} : steps},
            {options_.functions.reads_pre_activation() ? projected : Shape{}}};
  }

  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const override {
    const Extents e = extents_of(inputs[kProjected].shape, inputs[kHidden].shape, options_.cell);
    const Products products = plan(e, present(inputs[kBias]));
    Arena arena(nullptr);
    Block(arena, e, products);
    return arena.used() * static_cast<std::size_t>(e.blocks());
  }

  Kernel bind(const Binding& binding) const override;
  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool> needed) const override;

 private:
  struct Products {
    Product recurrent;
    Product candidate;  // GRU with the reset before
  };
  Products plan(const Extents& e, bool bias) const {
    Products p;
    if (options_.cell == Cell::gru) {
      p.recurrent = Product(e, 2 * e.units, e.units, false, false);
      p.candidate = Product(e, e.units, e.units, false, false);
    } else {
      // The gated cells add their products to the projected inputs at once, the GRU with reset_after cannot.
      const bool accumulate = options_.cell != Cell::gru_reset_after;
      p.recurrent = Product(e, e.width(), e.units, bias, accumulate);
    }
    return p;
  }

  // Memory that a block of samples needs for one step.
  struct Block {
    Block(Arena& arena, const Extents& e, const Products& products)
        : recurrent(arena.floats(e.block() * e.width())),
          candidate(arena.floats(e.block() * e.units)),
          scaled(arena.floats(e.block() * e.units)),
          scratch(arena.bytes(std::max(products.recurrent.scratch_bytes(), products.candidate.scratch_bytes()))) {}
    float* recurrent;
    float* candidate;
    float* scaled;
    std::byte* scratch;
  };

  RecurrentOptions options_;
};

// Rows of step t that belong to a block, of an array (time, batch, width).
float* at(const Buffer& buffer, std::size_t t, std::size_t row, std::size_t batch, std::size_t width) {
  return present(buffer.type) ? buffer.f32() + (t * batch + row) * width : nullptr;
}

Kernel Recurrent::bind(const Binding& binding) const {
  const Extents e =
      extents_of(binding.inputs[kProjected].type.shape, binding.inputs[kHidden].type.shape, options_.cell);
  const Products products = plan(e, present(binding.inputs[kBias].type));
  Arena probe(nullptr);
  Block(probe, e, products);
  const std::vector<Buffer> in(binding.inputs.begin(), binding.inputs.end());
  const std::vector<Buffer> out(binding.outputs.begin(), binding.outputs.end());
  return [e, products, in, out, options = options_, scratch = binding.scratch, per_block = probe.used()] {
    const auto time = static_cast<std::size_t>(e.time);
    const auto batch = static_cast<std::size_t>(e.batch);
    const auto units = static_cast<std::size_t>(e.units);
    const auto width = static_cast<std::size_t>(e.width());
    if (out[kGates].data != in[kProjected].data) {
      std::memcpy(out[kGates].data, in[kProjected].data, time * batch * width * sizeof(float));
    }
    std::memcpy(out[kHiddenStates].data, in[kHidden].data, batch * units * sizeof(float));
    if (options.cell == Cell::lstm) std::memcpy(out[kCellStates].data, in[kCell].data, batch * units * sizeof(float));
    const float* const bias = present(in[kBias].type) ? in[kBias].f32() : nullptr;

    for_each_block_of(e, [&](std::size_t row, std::size_t rows, std::size_t b) {
      Arena arena(scratch + b * per_block);
      const Block block(arena, e, products);
      for (std::size_t t = 0; t < time; ++t) {
        const kernels::CellStep step{.functions = &options.functions,
                                     .rows = rows,
                                     .units = units,
                                     .gates = at(out[kGates], t, row, batch, width),
                                     .pre_activation = at(out[kPreActivation], t, row, batch, width),
                                     .recurrent = block.recurrent,
                                     .h_previous = at(out[kHiddenStates], t, row, batch, units),
                                     .c_previous = at(out[kCellStates], t, row, batch, units),
                                     .h = at(out[kHiddenStates], t + 1, row, batch, units),
                                     .c = at(out[kCellStates], t + 1, row, batch, units),
                                     .extra = at(out[kExtra], t, row, batch, units)};
        const float* hidden = step.h_previous;
        if (present(in[kScale].type)) {
          const float* const factor = in[kScale].f32() + row * units;
          for (std::size_t i = 0; i < rows * units; ++i) block.scaled[i] = hidden[i] * factor[i];
          hidden = block.scaled;
        }
        const auto multiply = [&](float* c) {
          products.recurrent.run(rows, hidden, in[kKernel].f32(), bias, c, block.scratch);
        };
        switch (options.cell) {
          case Cell::simple:
            multiply(step.gates);
            kernels::simple_step(step);
            break;
          case Cell::lstm:
            multiply(step.gates);
            kernels::lstm_step(step);
            break;
          case Cell::gru_reset_after:
            multiply(block.recurrent);
            kernels::gru_reset_after_step(step);
            break;
          case Cell::gru: {
            multiply(block.recurrent);
            kernels::CellStep scaled = step;
            scaled.h_previous = hidden;
            kernels::gru_gates_step(scaled);
            products.candidate.run(rows, step.extra, in[kCandidateKernel].f32(), nullptr, block.candidate,
                                   block.scratch);
            kernels::gru_output_step(step, block.candidate);
            break;
          }
        }
        if (!present(in[kMask].type)) continue;
        const float* const mask = in[kMask].f32() + t * batch + row;
        for (std::size_t r = 0; r < rows; ++r) {
          if (mask[r] != 0.0f) continue;
          std::copy_n(step.h_previous + r * units, units, step.h + r * units);
          if (step.c != nullptr) std::copy_n(step.c_previous + r * units, units, step.c + r * units);
        }
      }
    });
  };
}

// Inputs: gradients of the states, then what the forward operator left, and the transposed kernels.
enum GradientInput {
  kHiddenGradients,
  kCellGradients,
  kForwardGates,
  kForwardHidden,
  kForwardCell,
  kForwardExtra,
  kForwardPreActivation,
  kTransposedKernel,
  kTransposedCandidate,
  kForwardMask,
  kForwardScale,
  kGradientInputs
};
enum GradientOutput {
  kProjectedGradient,
  kRecurrentGradient,  // with respect to the recurrent products; GRU with reset_after, else it is the same
  kInitialHiddenGradient,
  kInitialCellGradient,
  kHiddenNorms,  // float64 (time): squares summed, then the root
  kCellNorms,
  kGradientOutputs
};

class RecurrentGradient : public Operator {
 public:
  explicit RecurrentGradient(const RecurrentOptions& options) : options_(options) {}

  std::string_view name() const override { return "recurrent_gradient"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, kGradientInputs);
    const Extents e = extents(inputs[kForwardGates].shape, inputs[kForwardHidden].shape);
    const Shape state{e.batch, e.units};
    const auto norms = [&](const std::string& output) {
      return ValueType{output.empty() ? Shape{} : Shape{e.time}, DType::float64};
    };
    return {{inputs[kForwardGates].shape},
            {options_.cell == Cell::gru_reset_after ? inputs[kForwardGates].shape : Shape{}},
            {state},
            {options_.cell == Cell::lstm ? state : Shape{}},
            norms(options_.hidden_gradient_output),
            norms(options_.cell_gradient_output)};
  }

  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const override {
    const Extents e = extents(inputs[kForwardGates].shape, inputs[kForwardHidden].shape);
    const Products products = plan(e);
    Arena arena(nullptr);
    Block(arena, e, products);
    return arena.used() * static_cast<std::size_t>(e.blocks());
  }

  Kernel bind(const Binding& binding) const override;

 private:
  struct Products {
    Product recurrent;
    Product candidate;
  };
  Products plan(const Extents& e) const {
    if (options_.cell == Cell::gru) {
      return {Product(e, e.units, 2 * e.units, false, false), Product(e, e.units, e.units, false, false)};
    }
    return {Product(e, e.units, e.width(), false, false), {}};
  }

  struct Block {
    Block(Arena& arena, const Extents& e, const Products& products)
        : dh(arena.floats(e.block() * e.units)),
          dc(arena.floats(e.block() * e.units)),
          dc_total(arena.floats(e.block() * e.units)),
          kept_dh(arena.floats(e.block() * e.units)),
          kept_dc(arena.floats(e.block() * e.units)),
          dh_previous(arena.floats(e.block() * e.units)),
          through(arena.floats(e.block() * e.units)),
          dextra(arena.floats(e.block() * e.units)),
          hidden(arena.floats(e.block() * e.units)),
          dhidden(arena.floats(e.block() * e.units)),
          packed(arena.floats(e.block() * e.width())),
          // Sums of squares of the hidden and the cell state's gradients, per time step.
          squares(reinterpret_cast<double*>(arena.bytes(2 * static_cast<std::size_t>(e.time) * sizeof(double)))),
          scratch(arena.bytes(std::max(products.recurrent.scratch_bytes(), products.candidate.scratch_bytes()))) {}
    float *dh, *dc, *dc_total, *kept_dh, *kept_dc, *dh_previous, *through, *dextra, *hidden, *dhidden, *packed;
    double* squares;
    std::byte* scratch;
  };

  Extents extents(const Shape& gates, const Shape& hidden) const {
    return {.time = gates[0], .batch = gates[1], .units = hidden[2], .gates = gate_count(options_.cell)};
  }

  RecurrentOptions options_;
};

double sum_of_squares(const float* x, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return sum;
}

// Columns [from, from + count) of rows of `width` numbers, packed.
void pack_columns(const float* x, std::size_t rows, std::size_t width, std::size_t from, std::size_t count, float* y) {
  for (std::size_t r = 0; r < rows; ++r) std::copy_n(x + r * width + from, count, y + r * count);
}

// Sets the rows that the mask leaves out to zero.
void drop_rows(const float* mask, std::size_t rows, std::size_t width, float* x) {
  if (mask == nullptr || x == nullptr) return;
  for (std::size_t r = 0; r < rows; ++r) {
    if (mask[r] == 0.0f) std::fill_n(x + r * width, width, 0.0f);
  }
}

// Puts back the rows that the mask leaves out.
void keep_rows(const float* mask, std::size_t rows, std::size_t width, const float* kept, float* x) {
  if (mask == nullptr) return;
  for (std::size_t r = 0; r < rows; ++r) {
    if (mask[r] == 0.0f) std::copy_n(kept + r * width, width, x + r * width);
  }
}

Kernel RecurrentGradient::bind(const Binding& binding) const {
  const Extents e = extents(binding.inputs[kForwardGates].type.shape, binding.inputs[kForwardHidden].type.shape);
  const Products products = plan(e);
  Arena probe(nullptr);
  Block(probe, e, products);
  const std::vector<Buffer> in(binding.inputs.begin(), binding.inputs.end());
  const std::vector<Buffer> out(binding.outputs.begin(), binding.outputs.end());
  return [e, products, in, out, options = options_, scratch = binding.scratch, per_block = probe.used()] {
    const auto time = static_cast<std::size_t>(e.time);
    const auto batch = static_cast<std::size_t>(e.batch);
    const auto units = static_cast<std::size_t>(e.units);
    const auto width = static_cast<std::size_t>(e.width());
    const bool lstm = options.cell == Cell::lstm;
    const bool measures = present(out[kHiddenNorms].type) || present(out[kCellNorms].type);

    for_each_block_of(e, [&](std::size_t row, std::size_t rows, std::size_t b) {
      Arena arena(scratch + b * per_block);
      const Block block(arena, e, products);
      const std::size_t count = rows * units;
      const auto add = [&](const Buffer& gradients, std::size_t t, float* sum) {
        const float* const more = at(gradients, t, row, batch, units);
        for (std::size_t i = 0; more != nullptr && i < count; ++i) sum[i] += more[i];
      };
      std::fill_n(block.dh, count, 0.0f);
      std::fill_n(block.dc, count, 0.0f);
      const float* const scale = present(in[kForwardScale].type) ? in[kForwardScale].f32() + row * units : nullptr;
      for (std::size_t t = time; t-- > 0;) {
        add(in[kHiddenGradients], t + 1, block.dh);
        if (lstm) add(in[kCellGradients], t + 1, block.dc);
        const kernels::CellGradientStep step{.functions = &options.functions,
                                             .rows = rows,
                                             .units = units,
                                             .gates = at(in[kForwardGates], t, row, batch, width),
                                             .pre_activation = at(in[kForwardPreActivation], t, row, batch, width),
                                             .h_previous = at(in[kForwardHidden], t, row, batch, units),
                                             .c_previous = at(in[kForwardCell], t, row, batch, units),
                                             .c = at(in[kForwardCell], t + 1, row, batch, units),
                                             .extra = at(in[kForwardExtra], t, row, batch, units),
                                             .dh = block.dh,
                                             .dc = block.dc,
                                             .dc_total = block.dc_total,
                                             .dgates = at(out[kProjectedGradient], t, row, batch, width),
                                             .drecurrent = at(out[kRecurrentGradient], t, row, batch, width),
                                             .dh_previous = block.dh_previous};
        const float* const mask = present(in[kForwardMask].type) ? in[kForwardMask].f32() + t * batch + row : nullptr;
        if (mask != nullptr) {
          std::copy_n(block.dh, count, block.kept_dh);
          std::copy_n(block.dc, count, block.kept_dc);
        }
        const float* products_gradient = step.dgates;  // with respect to the recurrent products
        switch (options.cell) {
          case Cell::simple:
            kernels::simple_gradient(step);
            break;
          case Cell::lstm:
            kernels::lstm_gradient(step);
            break;
          case Cell::gru_reset_after:
            kernels::gru_reset_after_gradient(step);
            drop_rows(mask, rows, width, step.drecurrent);
            products_gradient = step.drecurrent;
            break;
          case Cell::gru: {
            kernels::gru_candidate_gradient(step);
            drop_rows(mask, rows, width, step.dgates);
            pack_columns(step.dgates, rows, width, 2 * units, units, block.packed);
            products.candidate.run(rows, block.packed, in[kTransposedCandidate].f32(), nullptr, block.dextra,
                                   block.scratch);
            for (std::size_t i = 0; i < count; ++i) {
              block.hidden[i] = scale == nullptr ? step.h_previous[i] : step.h_previous[i] * scale[i];
            }
            kernels::gru_gates_gradient(step, block.dextra, block.hidden, block.dhidden);
            pack_columns(step.dgates, rows, width, 0, 2 * units, block.packed);
            products_gradient = block.packed;
            break;
          }
        }
        if (measures) {
          block.squares[2 * t] = sum_of_squares(block.dh, count);
          if (lstm) {
            keep_rows(mask, rows, units, block.kept_dc, block.dc_total);
            block.squares[2 * t + 1] = sum_of_squares(block.dc_total, count);
          }
        }
        drop_rows(mask, rows, width, step.dgates);
        products.recurrent.run(rows, products_gradient, in[kTransposedKernel].f32(), nullptr, block.through,
                               block.scratch);
        for (std::size_t i = 0; i < count; ++i) {
          float through = block.through[i] + (options.cell == Cell::gru ? block.dhidden[i] : 0.0f);
          if (scale != nullptr) through *= scale[i];
          block.dh[i] = block.dh_previous[i] + through;
        }
        keep_rows(mask, rows, units, block.kept_dh, block.dh);
        if (lstm) keep_rows(mask, rows, units, block.kept_dc, block.dc);
      }
      // The initial state is an output of the forward operator, too.
      add(in[kHiddenGradients], 0, block.dh);
      std::copy_n(block.dh, count, out[kInitialHiddenGradient].f32() + row * units);
      if (!lstm) return;
      add(in[kCellGradients], 0, block.dc);
      std::copy_n(block.dc, count, out[kInitialCellGradient].f32() + row * units);
    });

    const auto norms = [&](GradientOutput output, std::size_t which) {
      if (!present(out[output].type)) return;
      for (std::size_t t = 0; t < time; ++t) {
        double squares = 0;
        for (std::size_t b = 0; b < static_cast<std::size_t>(e.blocks()); ++b) {
          Arena arena(scratch + b * per_block);
          squares += Block(arena, e, products).squares[2 * t + which];
        }
        out[output].f64()[t] = std::sqrt(squares);
      }
    };
    norms(kHiddenNorms, 0);
    norms(kCellNorms, 1);
  };
}

std::vector<ValueId> Recurrent::gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                         std::span<const bool> needed) const {
  // A mask is made by a comparison, whose derivative is zero: it gets no gradient.
  if (needed[kScale]) fail(ErrorKind::unsupported, "recurrent: the scale of the hidden state has no gradient");
  const ValueId none = graph.scalar(0.0f);
  const auto or_none = [&](ValueId id) { return id ? id : none; };
  const bool before = options_.cell == Cell::gru;
  const auto transposed = [&](ValueId kernel) { return transpose(graph, kernel, {1, 0}); };
  const std::vector<ValueId> in = node.inputs;
  const std::vector<ValueId> out = node.outputs;
  std::vector<ValueId> arguments(kGradientInputs);
  arguments[kHiddenGradients] = or_none(output_gradients[kHiddenStates]);
  arguments[kCellGradients] = or_none(output_gradients[kCellStates]);
  arguments[kForwardGates] = out[kGates];
  arguments[kForwardHidden] = out[kHiddenStates];
  arguments[kForwardCell] = out[kCellStates];
  arguments[kForwardExtra] = out[kExtra];
  arguments[kForwardPreActivation] = out[kPreActivation];
  arguments[kTransposedKernel] = transposed(in[kKernel]);
  arguments[kTransposedCandidate] = before ? transposed(in[kCandidateKernel]) : none;
  arguments[kForwardMask] = in[kMask];
  arguments[kForwardScale] = in[kScale];
  const std::vector<ValueId> gradients = graph.add(std::make_shared<RecurrentGradient>(options_), arguments);
  if (!options_.hidden_gradient_output.empty()) {
    graph.output(options_.hidden_gradient_output, gradients[kHiddenNorms]);
  }
  if (!options_.cell_gradient_output.empty()) graph.output(options_.cell_gradient_output, gradients[kCellNorms]);

  std::vector<ValueId> result(kInputs);
  const ValueId dprojected = gradients[kProjectedGradient];
  result[kProjected] = dprojected;
  result[kHidden] = gradients[kInitialHiddenGradient];
  if (options_.cell == Cell::lstm) result[kCell] = gradients[kInitialCellGradient];
  const ValueId dproducts = options_.cell == Cell::gru_reset_after ? gradients[kRecurrentGradient] : dprojected;
  const std::int64_t time = graph.shape(out[kGates])[0];
  const std::int64_t units = graph.shape(in[kHidden])[1];
  if (needed[kKernel]) {
    ValueId hidden = slice(graph, out[kHiddenStates], 0, 0, time);
    if (graph.shape(in[kScale]).rank() > 0) hidden = multiply(graph, hidden, in[kScale]);
    const ValueId d = before ? slice(graph, dproducts, 2, 0, 2 * units) : dproducts;
    result[kKernel] = matmul(graph, hidden, d, {.transpose_a = true});
  }
  if (before && needed[kCandidateKernel]) {
    const ValueId d = slice(graph, dproducts, 2, 2 * units, 3 * units);
    result[kCandidateKernel] = matmul(graph, out[kExtra], d, {.transpose_a = true});
  }
  if (needed[kBias]) result[kBias] = reduce_sum(graph, dproducts, {0, 1});
  return result;
}

}  // namespace

std::int64_t gate_count(Cell cell) {
  return cell == Cell::simple ? 1 : cell == Cell::lstm ? 4 : 3;
}

RecurrentStates recurrent(Graph& graph, const RecurrentInputs& inputs, const RecurrentOptions& options) {
  const ValueId none = graph.scalar(0.0f);
  const auto or_none = [&](ValueId id) { return id ? id : none; };
  std::vector<ValueId> arguments(kInputs);
  arguments[kProjected] = inputs.projected;
  arguments[kKernel] = inputs.recurrent_kernel;
  arguments[kCandidateKernel] = none;
  if (options.cell == Cell::gru) {
    const std::int64_t units = graph.shape(inputs.hidden).back();
    arguments[kKernel] = slice(graph, inputs.recurrent_kernel, 1, 0, 2 * units);
    arguments[kCandidateKernel] = slice(graph, inputs.recurrent_kernel, 1, 2 * units, 3 * units);
  }
  arguments[kBias] = or_none(inputs.recurrent_bias);
  arguments[kHidden] = inputs.hidden;
  arguments[kCell] = or_none(inputs.cell);
  arguments[kMask] = or_none(inputs.mask);
  arguments[kScale] = or_none(inputs.hidden_scale);
  const std::vector<ValueId> outputs = graph.add(std::make_shared<Recurrent>(options), std::move(arguments));
  return {.hidden = outputs[kHiddenStates], .cell = options.cell == Cell::lstm ? outputs[kCellStates] : ValueId{}};
}

}  // namespace evenflow::ops
