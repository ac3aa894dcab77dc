// Attention is all you need: Vaswani et al., NeurIPS 2017.
#include <cmath>

#include "evenflow/model/layers/attention_weights.h"

namespace evenflow::layers {
namespace {

// The extents of the output's last axes: "output_shape", or as wide as the query.
Shape output_axes(LayerBuilder& builder) {
  if (builder.is_null("output_shape")) return {builder.shape().back()};
  const Json& given = builder.config().at("output_shape");
  const std::size_t count = given.is_array() ? given.size() : 1;
  if (count < 1 || count > Shape::kMaxRank - 2) builder.wrong("output_shape", "must be a number or a list of numbers");
  return Shape(integers_from(builder, "output_shape", count, 1));
}

class MultiHeadAttention {
 public:
  explicit MultiHeadAttention(LayerBuilder& builder)
      : builder_(builder),
        graph_(builder.graph()),
        in_(attention_inputs(builder)),
        heads_(integer("num_heads")),
        key_width_(integer("key_dim")),
        value_width_(builder.is_null("value_dim") ? key_width_ : integer("value_dim")) {
    const bool over_time = builder.is_null("attention_axes") || builder.integers("attention_axes", 1).front() == 1;
    if (!over_time) builder.unsupported("attention_axes", "attention runs over the time steps");
    if (!builder.is_null("activity_regularizer")) {
      builder.unsupported("activity_regularizer", "Keras applies it to the four projections inside");
    }
  }

  ValueId build() {
    const ValueId query = heads(project("query_dense", in_.query, {heads_, key_width_}));
    const ValueId key = heads(project("key_dense", in_.key, {heads_, key_width_}));
    ValueId gate;
    if (builder_.flag("use_gate")) {
      gate = ops::unary(graph_, project("gate_dense", in_.query, {heads_, value_width_}),
                        choose_activation("sigmoid").function->kernel);
    }
    const ValueId value = heads(project("value_dense", in_.value, {heads_, value_width_}));
    const ValueId products = ops::batched_matmul(graph_, query, key, {.transpose_b = true});
    const ValueId weights = weigh(ops::scale(graph_, products, 1.0f / std::sqrt(static_cast<float>(key_width_))));
    if (returns_weights()) builder_.also_output(weights);
    const ValueId means = ops::batched_matmul(graph_, drop_weights(builder_, weights), value);
    // (batch, heads, steps, width) to (batch, steps, heads, width).
    ValueId all = ops::transpose(graph_, means, {0, 2, 1, 3});
    if (gate) all = ops::multiply(graph_, all, gate);
    const Shape flat{builder_.batch(), in_.query_steps, heads_ * value_width_};
    return dense("output_dense", ops::reshape(graph_, all, flat), {heads_, value_width_}, output_axes(builder_));
  }

 private:
  std::int64_t integer(std::string_view key) const {
    const std::int64_t number = builder_.integer(key);
    if (number < 1) builder_.wrong(key, "must be at least 1");
    return number;
  }

  bool returns_weights() const { return call_flag(builder_, "return_attention_scores"); }

  // x (batch, steps, from) times the kernel (from, to) plus the bias: (batch, steps, to).
  ValueId dense(const std::string& name, ValueId x, const Shape& from, const Shape& to) {
    const ValueId kernel = builder_.weight(name + "/kernel", evenflow::concatenate(from, to), true, "kernel");
    ValueId y = ops::matmul(graph_, x, ops::reshape(graph_, kernel, {from.count(), to.count()}));
    if (builder_.flag("use_bias")) {
      const ValueId bias = builder_.weight(name + "/bias", to, true, "bias");
      y = ops::add(graph_, y, ops::reshape(graph_, bias, {to.count()}));
    }
    return ops::reshape(graph_, y, evenflow::concatenate(graph_.shape(x).slice(0, 2), to));
  }
  ValueId project(const std::string& name, ValueId x, const Shape& to) {
    return dense(name, x, {graph_.shape(x)[2]}, to);
  }
  ValueId heads(ValueId projected) { return ops::transpose(graph_, projected, {0, 2, 1, 3}); }

  // Who may look at whom, for all heads: (batch or 1, 1, query steps or 1, value steps).
  ValueId mask() {
    ValueId mask = both(graph_, mask_of_values(graph_, builder_.mask(1)),
                        in_.key == in_.value ? ValueId{} : mask_of_values(graph_, builder_.mask(2)));
    if (const ValueId query = builder_.mask(0)) mask = both(graph_, mask, mask_along(graph_, query, in_.query));
    if (call_flag(builder_, "use_causal_mask")) mask = both(graph_, mask, causal_mask(graph_, in_));
    if (!builder_.is_null("sliding_window")) {
      const std::int64_t window = integer("sliding_window");
      mask = both(graph_, mask,
                  mask_of_steps(graph_, in_, [=](std::int64_t t, std::int64_t s) { return std::abs(t - s) < window; }));
    }
    if (!mask) return {};
    const Shape shape = graph_.shape(mask);
    return ops::reshape(graph_, mask, {shape[0], 1, shape[1], shape[2]});
  }

  // Masked scores are replaced, so that no gradient passes them. In a query step that sees nothing Keras's usual
  // computation gives all values the same weight; where dropout or the scores are asked for it gives them none.
  ValueId weigh(ValueId scores) {
    const ValueId allowed = mask();
    if (!allowed) return ops::softmax(graph_, scores);
    const ValueId kept = ops::multiply(graph_, scores, allowed);
    const ValueId weights = ops::softmax(graph_, ops::add(graph_, kept, penalty_of_masked(graph_, allowed)));
    const bool zero = builder_.number("dropout") > 0 || returns_weights();
    return zero ? ops::multiply(graph_, weights, allowed) : weights;
  }

  LayerBuilder& builder_;
  Graph& graph_;
  AttentionInputs in_;
  std::int64_t heads_;
  std::int64_t key_width_;
  std::int64_t value_width_;
};

ValueId build(LayerBuilder& builder) {
  return MultiHeadAttention(builder).build();
}

// tf.keras stores the shapes that the layer was built with.
void upgrade(Json& config, KerasVersion) {
  for (const char* key : {"query_shape", "key_shape", "value_shape"}) config.erase(key);
}

}  // namespace

extern const LayerType multi_head_attention;
constinit const LayerType multi_head_attention{
    .id = "MultiHeadAttention",
    .summary = "several attentions side by side, each on projections of its own",
    .defaults = R"({"num_heads": null, "key_dim": null, "value_dim": null, "dropout": 0.0, "use_bias": true,
                    "use_gate": false, "output_shape": null, "attention_axes": null, "sliding_window": null,
                    "kernel_initializer": "glorot_uniform", "bias_initializer": "zeros",
                    "kernel_regularizer": null, "bias_regularizer": null, "activity_regularizer": null,
                    "kernel_constraint": null, "bias_constraint": null, "seed": null})",
    .minimum_inputs = 2,
    .maximum_inputs = 3,
    .build = build,
    .passes_mask = true,
    .upgrade = upgrade,
};

}  // namespace evenflow::layers
