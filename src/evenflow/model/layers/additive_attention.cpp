#include "evenflow/model/layers/attention_weights.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const AttentionInputs in = attention_inputs(builder);
  require_equal_features(builder, in);
  ValueId sums = tanh_of_sums(builder, in, {});
  if (builder.flag("use_scale")) {
    const Shape features{graph.shape(in.query)[2]};
    sums = ops::multiply(graph, sums, builder.weight("scale", features, true, {}, "glorot_uniform"));
  }
  return attend(builder, in, ops::reduce_sum(graph, sums, {3}));
}

}  // namespace

extern const LayerType additive_attention;
constinit const LayerType additive_attention{
    .id = "AdditiveAttention",
    .summary = "means of values, weighted by a sum of tanh(query + key) (Bahdanau et al. 2015)",
    .defaults = R"({"use_scale": true, "dropout": 0.0, "seed": null})",
    .minimum_inputs = 2,
    .maximum_inputs = 3,
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
