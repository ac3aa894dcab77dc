#include "evenflow/graph/ops/update.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/support.h"

namespace evenflow {
namespace ops {
namespace {

class UpdateCoefficients : public Operator {
 public:
  UpdateCoefficients(const UpdateRule& rule, std::int64_t steps)
      : coefficients_(rule.coefficients), steps_(static_cast<std::uint64_t>(steps)) {}

  std::string_view name() const override { return "update_coefficients"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 0);
    return {{Shape{static_cast<std::int64_t>(kUpdateCoefficients)}}};
  }

  Kernel bind(const Binding& binding) const override {
    return [coefficients = coefficients_, steps = steps_, state = binding.state, out = binding.outputs[0].f32()] {
      std::fill_n(out, kUpdateCoefficients, 0.0f);
      coefficients(state->step / steps, state->learning_rate, out);
    };
  }

 private:
  std::function<void(std::uint64_t, double, float*)> coefficients_;
  std::uint64_t steps_;
};

void add(UpdateStatistics& total, const UpdateStatistics& part) {
  total.gradient_sum += part.gradient_sum;
  total.gradient_squares += part.gradient_squares;
  total.gradient_maximum = std::max(total.gradient_maximum, part.gradient_maximum);
  total.gradient_zeros += part.gradient_zeros;
  total.gradient_non_finite += part.gradient_non_finite;
  total.weight_squares += part.weight_squares;
  total.update_squares += part.update_squares;
}

// A step of gradient accumulation that updates nothing: only what it tells of the gradient and the weights is wanted.
void hold(const UpdateBlock& block) {
  if (block.statistics == nullptr) return;
  UpdateStatistics& s = *block.statistics;
  for (std::size_t i = 0; i < block.count; ++i) {
    const auto g = static_cast<double>(block.gradient[i]);
    const auto w = static_cast<double>(block.weights[i]);
    const bool finite = std::isfinite(g);
    const double counted = finite ? g : 0.0;
    s.gradient_sum += counted;
    s.gradient_squares += counted * counted;
    s.gradient_maximum = std::max(s.gradient_maximum, std::abs(counted));
    s.gradient_zeros += g == 0;
    s.gradient_non_finite += !finite;
    s.weight_squares += w * w;
  }
}

// Everything the kernel needs, so that it can be captured at once.
struct BoundUpdate {
  UpdateOptions options;
  decltype(UpdateRule::prepare) prepare;
  decltype(UpdateRule::update) rule;
  Shape shape;
  UpdateBlock all;              // with all slots, for `prepare`
  UpdateBlock whole;            // with the slots that blocks have; pointers to the first elements
  std::size_t slots;            // of those
  const float* gradient_scale;  // null: 1
  const StepState* state;
  UpdateStatistics* partial;  // by block; null: no statistics
  double* result;
  std::uint32_t* partial_bins;  // by block; null: no exponents
  double* exponents;
  double* clipped_squares;  // null: none wanted

  void run() const {
    const auto steps = static_cast<std::uint64_t>(options.steps);
    const bool holds = state->step % steps != steps - 1;
    UpdateBlock variable = whole;
    variable.gradient_scale = gradient_scale == nullptr ? 1.0f : *gradient_scale;
    variable.decay = static_cast<float>(options.weight_decay * state->learning_rate);
    float own[kUpdateCoefficients];
    if (prepare != nullptr && !holds) {
      std::copy_n(variable.coefficients, kUpdateCoefficients, own);
      UpdateBlock everything = all;
      everything.gradient_scale = variable.gradient_scale;
      everything.decay = variable.decay;
      prepare(everything, shape, own);
      variable.coefficients = own;
    }
    const auto update = holds ? hold : rule;
    parallel_for(sum_blocks(whole.count), 4, [&](std::size_t first, std::size_t last) {
      for (std::size_t b = first; b < last; ++b) update_block(update, variable, b);
    });
    if (partial == nullptr) return;
    UpdateStatistics total;
    for (std::size_t b = 0; b < sum_blocks(whole.count); ++b) add(total, partial[b]);
    const double numbers[] = {total.gradient_sum,   total.gradient_squares,    total.gradient_maximum,
                              total.gradient_zeros, total.gradient_non_finite, total.weight_squares,
                              total.update_squares};
    static_assert(std::size(numbers) == kUpdateStatistics);
    std::copy_n(numbers, kUpdateStatistics, result);
    if (exponents != nullptr) {
      add_up_exponents();
      exponents[0] -= total.gradient_zeros;
    }
    if (clipped_squares != nullptr) *clipped_squares = squares_after_clipping(variable, total);
  }

  void add_up_exponents() const {
    const std::size_t blocks = sum_blocks(whole.count);
    for (std::size_t e = 0; e < kernels::kExponentFields; ++e) exponents[e] = static_cast<double>(partial_bins[e]);
    for (std::size_t b = 1; b < blocks; ++b) {
      const std::uint32_t* bins = partial_bins + b * kernels::kExponentFields;
      for (std::size_t e = 0; e < kernels::kExponentFields; ++e) exponents[e] += static_cast<double>(bins[e]);
    }
  }

  // A second pass, only where an element was really clipped.
  static double squares_after_clipping(const UpdateBlock& variable, const UpdateStatistics& raw) {
    const auto scale = static_cast<double>(variable.gradient_scale);
    const auto limit = static_cast<double>(variable.clip_value);
    if (raw.gradient_maximum * scale <= limit) return raw.gradient_squares * scale * scale;
    double squares = 0;
    for (std::size_t i = 0; i < variable.count; ++i) {
      const auto g = static_cast<double>(variable.gradient[i]);
      if (!std::isfinite(g)) continue;
      const double clipped = std::min(std::fabs(g * scale), limit);
      squares += clipped * clipped;
    }
    return squares;
  }

  void update_block(decltype(UpdateRule::update) update, UpdateBlock block, std::size_t index) const {
    const std::size_t begin = index * kSumBlock;
    block.count = std::min(kSumBlock, whole.count - begin);
    block.weights += begin;
    block.gradient += begin;
    for (std::size_t s = 0; s < slots; ++s) block.slots[s] += begin;
    if (partial != nullptr) {
      partial[index] = {};
      block.statistics = partial + index;
    }
    update(block);
    if (partial_bins == nullptr) return;
    std::uint32_t* bins = partial_bins + index * kernels::kExponentFields;
    std::fill_n(bins, kernels::kExponentFields, 0u);
    kernels::count_exponents(block.gradient, block.count, bins);  // still in the cache
  }
};

// Inputs: weights, gradient, the slots, coefficients, the gradient's scale if there is one.
class Update : public Operator {
 public:
  Update(const UpdateRule& rule, const UpdateOptions& options, bool scaled)
      : rule_(rule), options_(options), scaled_(scaled), name_(fmt::format("update {}", rule.name)) {
    mutated_.push_back(0);
    for (std::size_t s = 0; s < rule_.slots.size(); ++s) mutated_.push_back(static_cast<int>(2 + s));
  }

  std::string_view name() const override { return name_; }
  std::span<const int> mutated_inputs() const override { return mutated_; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, coefficients_at() + 1 + scaled_);
    const Shape& variable = inputs[0].shape;
    require_same_shape(name(), variable, inputs[1].shape);
    for (std::size_t s = 0; s < rule_.slots.size(); ++s) {
      require_same_shape(name(), rule_.slots[s].shape(variable), inputs[2 + s].shape);
    }
    require_same_shape(name(), inputs[coefficients_at()].shape, Shape{static_cast<std::int64_t>(kUpdateCoefficients)});
    if (scaled_) require_same_shape(name(), inputs.back().shape, Shape{});
    std::vector<ValueType> outputs;
    const auto wants = [&outputs](std::size_t numbers) {
      outputs.push_back({Shape{static_cast<std::int64_t>(numbers)}, DType::float64});
    };
    if (options_.statistics) wants(kUpdateStatistics);
    if (options_.clips()) wants(1);
    if (options_.exponents) wants(kernels::kExponentFields);
    return outputs;
  }

  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const override {
    if (!options_.statistics) return 0;
    const std::size_t blocks = sum_blocks(static_cast<std::size_t>(inputs[0].shape.count()));
    return blocks * (sizeof(UpdateStatistics) + (options_.exponents ? kBinBytes : 0));
  }

  Kernel bind(const Binding& binding) const override {
    const auto& in = binding.inputs;
    UpdateBlock all{.weights = in[0].f32(),
                    .gradient = in[1].f32(),
                    .slots = {},
                    .count = in[0].count(),
                    .coefficients = in[coefficients_at()].f32(),
                    .gradient_scale = 1.0f,
                    .clip_value = options_.clip_value,
                    .decay = 0.0f,
                    .statistics = nullptr};
    UpdateBlock whole = all;
    std::size_t slots = 0;
    for (std::size_t s = 0; s < rule_.slots.size(); ++s) {
      all.slots[s] = in[2 + s].f32();
      if (rule_.slots[s].extent == UpdateSlot::Extent::elements) whole.slots[slots++] = all.slots[s];
    }
    const std::size_t blocks = sum_blocks(whole.count);
    std::byte* const bins = binding.scratch + blocks * sizeof(UpdateStatistics);
    const BoundUpdate bound{
        .options = options_,
        .prepare = rule_.prepare,
        .rule = rule_.update,
        .shape = in[0].type.shape,
        .all = all,
        .whole = whole,
        .slots = slots,
        .gradient_scale = scaled_ ? in.back().f32() : nullptr,
        .state = binding.state,
        .partial = options_.statistics ? reinterpret_cast<UpdateStatistics*>(binding.scratch) : nullptr,
        .result = options_.statistics ? binding.outputs[0].f64() : nullptr,
        .partial_bins = options_.exponents ? reinterpret_cast<std::uint32_t*>(bins) : nullptr,
        .exponents = options_.exponents ? binding.outputs.back().f64() : nullptr,
        .clipped_squares = options_.clips() ? binding.outputs[1].f64() : nullptr};
    return [bound] { bound.run(); };
  }

 private:
  static constexpr std::size_t kBinBytes = kernels::kExponentFields * sizeof(std::uint32_t);

  std::size_t coefficients_at() const { return 2 + rule_.slots.size(); }

  UpdateRule rule_;
  UpdateOptions options_;
  bool scaled_;
  std::string name_;
  std::vector<int> mutated_;
};

}  // namespace

ValueId update_coefficients(Graph& graph, const UpdateRule& rule, std::int64_t steps) {
  return graph.add1(std::make_shared<UpdateCoefficients>(rule, steps), {});
}

UpdateOutputs update(Graph& graph, const UpdateRule& rule, ValueId weights, ValueId gradient,
                     std::vector<ValueId> slots, ValueId coefficients, ValueId gradient_scale,
                     const UpdateOptions& options) {
  if (options.exponents && !options.statistics) fail(ErrorKind::internal, "update: exponents without statistics");
  std::vector<ValueId> inputs{weights, gradient};
  inputs.insert(inputs.end(), slots.begin(), slots.end());
  inputs.push_back(coefficients);
  if (gradient_scale) inputs.push_back(gradient_scale);
  const auto op = std::make_shared<Update>(rule, options, static_cast<bool>(gradient_scale));
  const std::vector<ValueId> outputs = graph.add(op, std::move(inputs));
  UpdateOutputs named;
  std::size_t next = 0;
  if (options.statistics) named.statistics = outputs[next++];
  if (options.clips()) named.clipped_squares = outputs[next++];
  if (options.exponents) named.exponents = outputs[next++];
  return named;
}

}  // namespace ops

Shape UpdateSlot::shape(const Shape& variable) const {
  const int rank = variable.rank();
  if (extent == Extent::elements) return variable;
  if (rank < 2) return Shape{};
  const Shape rows = variable.slice(0, rank - 1);
  return extent == Extent::rows ? rows : concatenate(rows.slice(0, rank - 2), Shape{variable.back()});
}

}  // namespace evenflow
