#include "evenflow/graph/ops/batch_normalization.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/binary.h"
#include "evenflow/graph/ops/inverse_root.h"
#include "evenflow/graph/ops/reshape.h"
#include "evenflow/graph/ops/support.h"
#include "evenflow/tensor/kernels/channels.h"

namespace evenflow::ops {
namespace {

// A value as (outer, channels, inner).
struct Channels {
  std::size_t outer;
  std::size_t channels;
  std::size_t inner;

  std::size_t elements() const { return outer * channels * inner; }
  double per_channel() const { return static_cast<double>(outer * inner); }
  std::size_t outer_grain() const { return row_grain(channels * inner); }
};

Channels channels_of(const Shape& shape, int axis) {
  return {static_cast<std::size_t>(shape.count(0, axis)), static_cast<std::size_t>(shape[axis]),
          static_cast<std::size_t>(shape.count(axis + 1, shape.rank()))};
}

// body(element, channel) for outer indices [begin, end).
template <class Body>
void for_each_element(const Channels& layout, std::size_t begin, std::size_t end, const Body& body) {
  for (std::size_t o = begin; o < end; ++o) {
    const std::size_t first = o * layout.channels * layout.inner;
    for (std::size_t c = 0; c < layout.channels; ++c) {
      for (std::size_t i = 0; i < layout.inner; ++i) body(first + c * layout.inner + i, c);
    }
  }
}

// Two sums per channel, in an order that does not depend on the number of threads: over blocks of the outer axis, and
// then over the blocks.
class ChannelSums {
 public:
  explicit ChannelSums(const Channels& layout)
      : layout_(layout),
        block_(std::max((layout.outer + kMaximumBlocks - 1) / kMaximumBlocks, layout.outer_grain())),
        blocks_((layout.outer + block_ - 1) / block_) {}

  // The sums, and behind them room for three numbers per channel.
  std::size_t scratch_bytes() const { return sum_bytes() + 3 * layout_.channels * sizeof(float); }
  float* numbers(std::byte* scratch, std::size_t i) const {
    return reinterpret_cast<float*>(scratch + sum_bytes()) + i * layout_.channels;
  }

  // Adds up rows(first element, count, a, other) where channels are the last axis; otherwise terms(element, channel),
  // which gives the pair of summands. Returns both sums of all channels, in scratch.
  template <class Rows, class Terms>
  std::pair<const double*, const double*> operator()(std::byte* scratch, const Rows& rows, const Terms& terms) const {
    const std::size_t channels = layout_.channels;
    auto* totals = reinterpret_cast<double*>(scratch);
    double* partial = totals + 2 * channels;
    parallel_for(blocks_, 1, [&](std::size_t first, std::size_t last) {
      for (std::size_t b = first; b < last; ++b) {
        double* a = partial + 2 * b * channels;
        double* other = a + channels;
        std::fill_n(a, 2 * channels, 0.0);
        const std::size_t end = std::min(layout_.outer, (b + 1) * block_);
        if (layout_.inner == 1) {
          rows(b * block_ * channels, end - b * block_, a, other);
        } else {
          add_runs(b * block_, end, a, other, terms);
        }
      }
    });
    std::fill_n(totals, 2 * channels, 0.0);
    for (std::size_t b = 0; b < blocks_; ++b) {
      for (std::size_t c = 0; c < 2 * channels; ++c) totals[c] += partial[2 * b * channels + c];
    }
    return {totals, totals + channels};
  }

 private:
  static constexpr std::size_t kMaximumBlocks = 64;

  std::size_t sum_bytes() const { return (blocks_ + 1) * 2 * layout_.channels * sizeof(double); }

  // Elements of a channel lie together in runs of `inner`.
  template <class Terms>
  void add_runs(std::size_t begin, std::size_t end, double* a, double* other, const Terms& terms) const {
    for (std::size_t run = begin * layout_.channels; run < end * layout_.channels; ++run) {
      const std::size_t c = run % layout_.channels;
      double one_sum = 0;
      double two_sum = 0;
#pragma omp simd reduction(+ : one_sum, two_sum)
      for (std::size_t i = run * layout_.inner; i < (run + 1) * layout_.inner; ++i) {
        const std::pair<double, double> pair = terms(i, c);
        one_sum += pair.first;
        two_sum += pair.second;
      }
      a[c] += one_sum;
      other[c] += two_sum;
    }
  }

  Channels layout_;
  std::size_t block_;
  std::size_t blocks_;
};

// Inputs: x, dy, mean, inverse deviation, gamma if there is one. Outputs: dx, dgamma, dbeta.
class BatchNormalizationGradient : public Operator {
 public:
  BatchNormalizationGradient(int axis, bool has_gamma) : axis_(axis), has_gamma_(has_gamma) {}

  std::string_view name() const override { return "batch_normalization_gradient"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 4u + has_gamma_);
    require_same_shape(name(), inputs[0].shape, inputs[1].shape);
    return {inputs[0], inputs[2], inputs[2]};
  }

  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const override {
    return ChannelSums(channels_of(inputs[0].shape, axis_)).scratch_bytes();
  }

  Kernel bind(const Binding& binding) const override {
    const auto& in = binding.inputs;
    const Channels layout = channels_of(in[0].type.shape, axis_);
    return [layout, sums = ChannelSums(layout), scratch = binding.scratch, x = in[0].f32(), dy = in[1].f32(),
            mean = in[2].f32(), inverse = in[3].f32(), gamma = has_gamma_ ? in[4].f32() : nullptr,
            dx = binding.outputs[0].f32(), dgamma = binding.outputs[1].f32(), dbeta = binding.outputs[2].f32()] {
      const auto [dy_sum, product_sum] = sums(
          scratch,
          [&](std::size_t first, std::size_t rows, double* a, double* b) {
            kernels::add_channel_products(x + first, dy + first, mean, inverse, rows, layout.channels, a, b);
          },
          [&](std::size_t i, std::size_t c) {
            return std::pair(static_cast<double>(dy[i]),
                             static_cast<double>(dy[i]) * static_cast<double>((x[i] - mean[c]) * inverse[c]));
          });
      // dx = gamma / deviation (dy - mean(dy) - n mean(dy n)) with n the normalized x.
      float* factor = sums.numbers(scratch, 0);
      float* constant = sums.numbers(scratch, 1);
      float* slope = sums.numbers(scratch, 2);
      const auto per_channel = static_cast<float>(1.0 / layout.per_channel());
      for (std::size_t c = 0; c < layout.channels; ++c) {
        dbeta[c] = static_cast<float>(dy_sum[c]);
        dgamma[c] = static_cast<float>(product_sum[c]);
        factor[c] = (gamma == nullptr ? 1.0f : gamma[c]) * inverse[c];
        constant[c] = factor[c] * per_channel * dbeta[c];
        slope[c] = factor[c] * per_channel * dgamma[c] * inverse[c];
      }
      parallel_for(layout.outer, layout.outer_grain(), [&](std::size_t begin, std::size_t end) {
        if (layout.inner == 1) {
          const std::size_t first = begin * layout.channels;
          return kernels::normalize_channels_gradient(x + first, dy + first, mean, factor, constant, slope, end - begin,
                                                      layout.channels, dx + first);
        }
        for_each_element(layout, begin, end, [&](std::size_t i, std::size_t c) {
          dx[i] = factor[c] * dy[i] - constant[c] - (x[i] - mean[c]) * slope[c];
        });
      });
    };
  }

 private:
  int axis_;
  bool has_gamma_;
};

// Inputs: x, gamma and beta if they exist, moving mean, moving variance. Outputs: y, mean, inverse deviation.
class BatchNormalization : public Operator {
 public:
  BatchNormalization(const BatchNormalizationOptions& options, bool has_gamma, bool has_beta)
      : options_(options), has_gamma_(has_gamma), has_beta_(has_beta) {
    mutated_ = {static_cast<int>(moving_at()), static_cast<int>(moving_at()) + 1};
  }

  std::string_view name() const override { return "batch_normalization"; }
  std::span<const int> mutated_inputs() const override { return mutated_; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, moving_at() + 2);
    const Shape channels{inputs[0].shape[options_.axis]};
    for (std::size_t i = 1; i < inputs.size(); ++i) {
      require_same_shape("batch_normalization's variables", inputs[i].shape, channels);
    }
    return {inputs[0], {channels}, {channels}};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    if (!output_gradients[0]) return std::vector<ValueId>(node.inputs.size());
    std::vector<ValueId> inputs{node.inputs[0], output_gradients[0], node.outputs[1], node.outputs[2]};
    if (has_gamma_) inputs.push_back(node.inputs[1]);
    const std::vector<ValueId> all =
        graph.add(std::make_shared<BatchNormalizationGradient>(options_.axis, has_gamma_), std::move(inputs));
    std::vector<ValueId> result{all[0]};
    if (has_gamma_) result.push_back(all[1]);
    if (has_beta_) result.push_back(all[2]);
    result.resize(node.inputs.size());
    return result;
  }

  std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType>) const override {
    return ChannelSums(channels_of(inputs[0].shape, options_.axis)).scratch_bytes();
  }

  Kernel bind(const Binding& binding) const override {
    const auto& in = binding.inputs;
    const Channels layout = channels_of(in[0].type.shape, options_.axis);
    return [layout, sums = ChannelSums(layout), scratch = binding.scratch, options = options_, x = in[0].f32(),
            gamma = has_gamma_ ? in[1].f32() : nullptr, beta = has_beta_ ? in[1u + has_gamma_].f32() : nullptr,
            moving_mean = in[moving_at()].f32(), moving_variance = in[moving_at() + 1].f32(),
            y = binding.outputs[0].f32(), mean = binding.outputs[1].f32(), inverse = binding.outputs[2].f32()] {
      // Of x less the first row, if channels are the last axis: squares of numbers near 0 are exact.
      const bool last = layout.inner == 1;
      const auto [sum, squares] = sums(
          scratch,
          [&](std::size_t first, std::size_t rows, double* a, double* b) {
            kernels::add_channel_moments(x + first, x, rows, layout.channels, a, b);
          },
          [&](std::size_t i, std::size_t) {
            const auto x_i = static_cast<double>(x[i]);
            return std::pair(x_i, x_i * x_i);
          });
      float* scale = sums.numbers(scratch, 0);
      float* shift = sums.numbers(scratch, 1);
      for (std::size_t c = 0; c < layout.channels; ++c) {
        const double center = sum[c] / layout.per_channel();
        const double spread = squares[c] / layout.per_channel() - center * center;
        const double variance = spread < 0 ? 0 : spread;
        mean[c] = static_cast<float>(last ? static_cast<double>(x[c]) + center : center);
        inverse[c] = static_cast<float>(1.0 / std::sqrt(variance + static_cast<double>(options.epsilon)));
        scale[c] = gamma == nullptr ? inverse[c] : gamma[c] * inverse[c];
        shift[c] = beta == nullptr ? 0.0f : beta[c];
        const float old = options.momentum;
        moving_mean[c] = moving_mean[c] * old + mean[c] * (1.0f - old);
        const float spread_seen = static_cast<float>(variance) * options.moving_variance_factor;
        moving_variance[c] = moving_variance[c] * old + spread_seen * (1.0f - old);
      }
      parallel_for(layout.outer, layout.outer_grain(), [&](std::size_t begin, std::size_t end) {
        if (last) {
          const std::size_t first = begin * layout.channels;
          return kernels::normalize_channels(x + first, mean, scale, shift, end - begin, layout.channels, y + first);
        }
        for_each_element(layout, begin, end,
                         [&](std::size_t i, std::size_t c) { y[i] = (x[i] - mean[c]) * scale[c] + shift[c]; });
      });
    };
  }

 private:
  std::size_t moving_at() const { return 1u + has_gamma_ + has_beta_; }

  BatchNormalizationOptions options_;  // axis counted from the first
  bool has_gamma_;
  bool has_beta_;
  std::vector<int> mutated_;
};

}  // namespace

ValueId batch_normalization(Graph& graph, ValueId x, ValueId gamma, ValueId beta, ValueId moving_mean,
                            ValueId moving_variance, const BatchNormalizationOptions& options) {
  BatchNormalizationOptions resolved = options;
  resolved.axis = resolve_axis("batch_normalization", options.axis, graph.shape(x));
  std::vector<ValueId> inputs{x};
  if (gamma) inputs.push_back(gamma);
  if (beta) inputs.push_back(beta);
  inputs.insert(inputs.end(), {moving_mean, moving_variance});
  return graph.add(std::make_shared<BatchNormalization>(resolved, static_cast<bool>(gamma), static_cast<bool>(beta)),
                   std::move(inputs))[0];
}

// x scale + shift, both computed for the channels alone.
ValueId batch_normalization_inference(Graph& graph, ValueId x, ValueId gamma, ValueId beta, ValueId moving_mean,
                                      ValueId moving_variance, const BatchNormalizationOptions& options) {
  const int axis = resolve_axis("batch_normalization", options.axis, graph.shape(x));
  const std::int64_t channels = graph.shape(x)[axis];
  for (const ValueId variable : {gamma, beta, moving_mean, moving_variance}) {
    if (variable) require_same_shape("batch_normalization's variables", graph.shape(variable), Shape{channels});
  }
  Shape along{channels};  // broadcasts over x
  for (int after = graph.shape(x).rank() - 1; after > axis; --after) along = evenflow::concatenate(along, Shape{1});

  ValueId scale = inverse_root(graph, moving_variance, options.epsilon);
  if (gamma) scale = multiply(graph, scale, gamma);
  ValueId shift = multiply(graph, moving_mean, scale);
  shift = beta ? subtract(graph, beta, shift) : subtract(graph, graph.scalar(0.0f), shift);
  return add(graph, multiply(graph, x, reshape(graph, scale, along)), reshape(graph, shift, along));
}

}  // namespace evenflow::ops
