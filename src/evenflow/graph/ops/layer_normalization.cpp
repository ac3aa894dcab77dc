#include "evenflow/graph/ops/layer_normalization.h"

#include <cmath>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/support.h"
#include "evenflow/tensor/kernels/elementwise.h"

namespace evenflow::ops {
namespace {

constexpr std::size_t kColumnBlock = 64;

struct Matrix {
  std::size_t rows;     // what is normalized on its own
  std::size_t columns;  // what is normalized jointly
};

Matrix matrix_of(const Shape& shape, int axis) {
  return {static_cast<std::size_t>(shape.count(0, axis)), static_cast<std::size_t>(shape.count(axis, shape.rank()))};
}

// Inputs: x, dy, mean, inverse deviation, gamma if there is one. Outputs: dx, dgamma, dbeta.
class LayerNormalizationGradient : public Operator {
 public:
  LayerNormalizationGradient(int axis, bool centered, bool has_gamma)
      : axis_(axis), centered_(centered), has_gamma_(has_gamma) {}

  std::string_view name() const override { return "layer_normalization_gradient"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 4u + has_gamma_);
    require_same_shape(name(), inputs[0].shape, inputs[1].shape);
    const ValueType normalized{inputs[0].shape.slice(axis_, inputs[0].shape.rank())};
    return {inputs[0], normalized, normalized};
  }

  Kernel bind(const Binding& binding) const override {
    const auto& in = binding.inputs;
    const Bound bound{.matrix = matrix_of(in[0].type.shape, axis_),
                      .centered = centered_,
                      .x = in[0].f32(),
                      .dy = in[1].f32(),
                      .mean = in[2].f32(),
                      .inverse = in[3].f32(),
                      .gamma = has_gamma_ ? in[4].f32() : nullptr,
                      .dx = binding.outputs[0].f32(),
                      .dgamma = binding.outputs[1].f32(),
                      .dbeta = binding.outputs[2].f32()};
    return [bound] { bound.run(); };
  }

 private:
  struct Bound {
    Matrix matrix;
    bool centered;
    const float* x;
    const float* dy;
    const float* mean;
    const float* inverse;
    const float* gamma;
    float* dx;
    float* dgamma;
    float* dbeta;

    void run() const {
      parallel_for(matrix.rows, row_grain(matrix.columns), [this](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r) input_gradient(r);
      });
      parallel_for(matrix.columns, kColumnBlock, [this](std::size_t begin, std::size_t end) {
        for (std::size_t c = begin; c < end; c += kColumnBlock) column_gradients(c, std::min(end, c + kColumnBlock));
      });
    }

    // With g = gamma dy and n the normalized x: dx = (g - mean(g) - n mean(g n)) / deviation; mean(g) comes from the
    // mean's own gradient.
    void input_gradient(std::size_t r) const {
      const std::size_t n = matrix.columns;
      const float* x_row = x + r * n;
      const float* dy_row = dy + r * n;
      float* dx_row = dx + r * n;
      const float center = mean[r];
      const float scale = inverse[r];
      const auto g = [&](std::size_t c) { return gamma == nullptr ? dy_row[c] : gamma[c] * dy_row[c]; };
      double sum = 0;
      double product = 0;
#pragma omp simd reduction(+ : sum, product)
      for (std::size_t c = 0; c < n; ++c) {
        sum += static_cast<double>(g(c));
        product += static_cast<double>(g(c)) * static_cast<double>((x_row[c] - center) * scale);
      }
      const auto sum_part = centered ? static_cast<float>(sum / static_cast<double>(n)) : 0.0f;
      const auto product_part = static_cast<float>(product / static_cast<double>(n));
      for (std::size_t c = 0; c < n; ++c) {
        dx_row[c] = scale * (g(c) - sum_part - (x_row[c] - center) * scale * product_part);
      }
    }

    void column_gradients(std::size_t begin, std::size_t end) const {
      double gamma_sum[kColumnBlock] = {};
      double beta_sum[kColumnBlock] = {};
      for (std::size_t r = 0; r < matrix.rows; ++r) {
        const float* x_row = x + r * matrix.columns + begin;
        const float* dy_row = dy + r * matrix.columns + begin;
        for (std::size_t c = 0; c < end - begin; ++c) {
          gamma_sum[c] += static_cast<double>(dy_row[c] * ((x_row[c] - mean[r]) * inverse[r]));
          beta_sum[c] += static_cast<double>(dy_row[c]);
        }
      }
      for (std::size_t c = begin; c < end; ++c) {
        dgamma[c] = static_cast<float>(gamma_sum[c - begin]);
        dbeta[c] = static_cast<float>(beta_sum[c - begin]);
      }
    }
  };

  int axis_;
  bool centered_;
  bool has_gamma_;
};

// Inputs: x, then gamma and beta if they exist. Outputs: y, and per row the mean and the inverse deviation.
class LayerNormalization : public Operator {
 public:
  LayerNormalization(const LayerNormalizationOptions& options, bool has_gamma, bool has_beta)
      : options_(options), has_gamma_(has_gamma), has_beta_(has_beta) {}

  std::string_view name() const override { return "layer_normalization"; }

  std::vector<ValueType> infer(std::span<const ValueType> inputs) const override {
    require_float32(name(), inputs, 1u + has_gamma_ + has_beta_);
    const Shape& x = inputs[0].shape;
    const Shape normalized = x.slice(options_.axis, x.rank());
    for (std::size_t i = 1; i < inputs.size(); ++i) {
      require_same_shape("layer_normalization's gamma and beta", inputs[i].shape, normalized);
    }
    return {inputs[0], {x.slice(0, options_.axis)}, {x.slice(0, options_.axis)}};
  }

  std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                std::span<const bool>) const override {
    if (!output_gradients[0]) return std::vector<ValueId>(node.inputs.size());
    std::vector<ValueId> inputs{node.inputs[0], output_gradients[0], node.outputs[1], node.outputs[2]};
    if (has_gamma_) inputs.push_back(node.inputs[1]);
    const std::vector<ValueId> all = graph.add(
        std::make_shared<LayerNormalizationGradient>(options_.axis, options_.centered, has_gamma_), std::move(inputs));
    std::vector<ValueId> result{all[0]};
    if (has_gamma_) result.push_back(all[1]);
    if (has_beta_) result.push_back(all[2]);
    return result;
  }

  Kernel bind(const Binding& binding) const override {
    const auto& in = binding.inputs;
    return [matrix = matrix_of(in[0].type.shape, options_.axis), epsilon = static_cast<double>(options_.epsilon),
            centered = options_.centered, x = in[0].f32(), gamma = has_gamma_ ? in[1].f32() : nullptr,
            beta = has_beta_ ? in[1u + has_gamma_].f32() : nullptr, y = binding.outputs[0].f32(),
            mean = binding.outputs[1].f32(), inverse = binding.outputs[2].f32()] {
      const auto n = static_cast<double>(matrix.columns);
      parallel_for(matrix.rows, row_grain(matrix.columns), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r) {
          const float* x_row = x + r * matrix.columns;
          float* y_row = y + r * matrix.columns;
          const double center = centered ? kernels::sum(x_row, matrix.columns) / n : 0.0;
          const double variance = kernels::sum_of_squares(x_row, matrix.columns) / n - center * center;
          mean[r] = static_cast<float>(center);
          inverse[r] = static_cast<float>(1.0 / std::sqrt((variance < 0 ? 0 : variance) + epsilon));
          for (std::size_t c = 0; c < matrix.columns; ++c) {
            const float normalized = (x_row[c] - mean[r]) * inverse[r];
            y_row[c] = (gamma == nullptr ? normalized : gamma[c] * normalized) + (beta == nullptr ? 0.0f : beta[c]);
          }
        }
      });
    };
  }

 private:
  LayerNormalizationOptions options_;  // axis counted from the first
  bool has_gamma_;
  bool has_beta_;
};

}  // namespace

ValueId layer_normalization(Graph& graph, ValueId x, ValueId gamma, ValueId beta,
                            const LayerNormalizationOptions& options) {
  LayerNormalizationOptions resolved = options;
  resolved.axis = resolve_axis("layer_normalization", options.axis, graph.shape(x));
  std::vector<ValueId> inputs{x};
  if (gamma) inputs.push_back(gamma);
  if (beta) inputs.push_back(beta);
  return graph.add(std::make_shared<LayerNormalization>(resolved, static_cast<bool>(gamma), static_cast<bool>(beta)),
                   std::move(inputs))[0];
}

}  // namespace evenflow::ops
