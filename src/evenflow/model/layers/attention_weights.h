// What the attention layers share: who may look at what, and how scores become weights.
#pragma once

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {

// An argument of the call that is true or false, and false when it was not given.
inline bool call_flag(const LayerBuilder& builder, std::string_view key) {
  const Json& given = builder.argument(key);
  return given.is_boolean() && given.get<bool>();
}

// Query (batch, steps, ...), value and perhaps key (batch, other steps, ...).
struct AttentionInputs {
  ValueId query, value, key;
  std::int64_t query_steps, value_steps;
};

inline AttentionInputs attention_inputs(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const std::span<const ValueId> in = builder.inputs();
  AttentionInputs result{.query = in[0], .value = in[1], .key = in.back(), .query_steps = 0, .value_steps = 0};
  for (const ValueId input : in) {
    const Shape shape = graph.shape(input);
    if (shape.rank() != 3 || shape[0] != builder.batch()) {
      builder.misfit("expects sequences (None, time steps, features) as query, value and key");
    }
  }
  result.query_steps = graph.shape(result.query)[1];
  result.value_steps = graph.shape(result.value)[1];
  if (graph.shape(result.key)[1] != result.value_steps) builder.misfit("value and key must have as many time steps");
  return result;
}

// Masks of 0 and 1 over (batch, query steps, value steps) with axes of 1 where they are the same; absent: all ones.
inline ValueId both(Graph& graph, ValueId a, ValueId b) {
  if (!a || !b) return a ? a : b;
  return ops::multiply(graph, a, b);
}

// The mask in which step t of the query sees step s of the value when sees(t, s).
template <class Sees>
ValueId mask_of_steps(Graph& graph, const AttentionInputs& in, const Sees& sees) {
  Tensor mask({1, in.query_steps, in.value_steps});
  for (std::int64_t i = 0; i < mask.count(); ++i) {
    mask[i] = sees(i / in.value_steps, i % in.value_steps) ? 1.0f : 0.0f;
  }
  return graph.constant(std::move(mask));
}

inline ValueId causal_mask(Graph& graph, const AttentionInputs& in) {
  return mask_of_steps(graph, in, [](std::int64_t t, std::int64_t s) { return s <= t; });
}

// (batch, steps) along the value's axis.
inline ValueId mask_of_values(Graph& graph, ValueId mask) {
  if (!mask) return {};
  const Shape shape = graph.shape(mask);
  return ops::reshape(graph, mask, {shape[0], 1, shape[1]});
}

// What is added to the scores of masked steps, as Keras does: 0 where the mask is 1, -1e9 where it is 0.
inline ValueId penalty_of_masked(Graph& graph, ValueId mask) {
  return ops::scale(graph, ops::subtract(graph, mask, graph.scalar(1.0f)), 1e9f);
}

inline ValueId drop_weights(LayerBuilder& builder, ValueId weights) {
  const double rate = builder.number("dropout");
  if (!(rate >= 0 && rate <= 1)) builder.wrong("dropout", "must be between 0 and 1");
  if (!builder.training()) return weights;
  return ops::dropout(builder.graph(), weights, static_cast<float>(rate), builder.random_stream());
}

// Scores (batch, query steps, value steps) to the values' means that they say: the end of Attention and
// AdditiveAttention.
inline ValueId attend(LayerBuilder& builder, const AttentionInputs& in, ValueId scores) {
  Graph& graph = builder.graph();
  ValueId mask = mask_of_values(graph, builder.mask(1));
  if (call_flag(builder, "use_causal_mask")) mask = both(graph, mask, causal_mask(graph, in));
  if (mask) scores = ops::add(graph, scores, penalty_of_masked(graph, mask));
  const ValueId weights = drop_weights(builder, ops::softmax(graph, scores));
  if (call_flag(builder, "return_attention_scores")) builder.also_output(weights);
  const ValueId result = ops::batched_matmul(graph, weights, in.value);
  return builder.mask(0) ? ops::multiply(graph, result, mask_along(graph, builder.mask(0), result)) : result;
}

// tanh(scale (q + k)) for each pair of steps: (batch, query steps, value steps, features).
inline ValueId tanh_of_sums(LayerBuilder& builder, const AttentionInputs& in, ValueId scale) {
  Graph& graph = builder.graph();
  const std::int64_t features = graph.shape(in.query)[2];
  const std::int64_t batch = builder.batch();
  ValueId sums = ops::add(graph, ops::reshape(graph, in.query, {batch, in.query_steps, 1, features}),
                          ops::reshape(graph, in.key, {batch, 1, in.value_steps, features}));
  if (scale) sums = ops::multiply(graph, sums, scale);
  return ops::unary(graph, sums, choose_activation("tanh").function->kernel);
}

inline void require_equal_features(LayerBuilder& builder, const AttentionInputs& in) {
  if (builder.graph().shape(in.query)[2] != builder.graph().shape(in.key)[2]) {
    builder.misfit("query and key must have as many features");
  }
}

}  // namespace evenflow::layers
