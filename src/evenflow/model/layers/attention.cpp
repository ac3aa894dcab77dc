#include "evenflow/model/layers/attention_weights.h"

namespace evenflow::layers {
namespace {

ValueId scores(LayerBuilder& builder, const AttentionInputs& in) {
  Graph& graph = builder.graph();
  const std::string mode = builder.text("score_mode");
  if (mode != "dot" && mode != "concat") builder.wrong("score_mode", "must be dot or concat");
  ValueId scale;
  if (builder.flag("use_scale")) scale = builder.weight("scale", Shape{}, true, {}, "ones");
  if (mode == "dot") {
    const ValueId products = ops::batched_matmul(graph, in.query, in.key, {.transpose_b = true});
    return scale ? ops::multiply(graph, products, scale) : products;
  }
  const ValueId weight = builder.weight("concat_score_weight", Shape{}, true, {}, "ones");
  return ops::multiply(graph, ops::reduce_sum(graph, tanh_of_sums(builder, in, scale), {3}), weight);
}

ValueId build(LayerBuilder& builder) {
  const AttentionInputs in = attention_inputs(builder);
  require_equal_features(builder, in);
  return attend(builder, in, scores(builder, in));
}

}  // namespace

extern const LayerType attention;
constinit const LayerType attention{
    .id = "Attention",
    .summary = "means of values, weighted by how well their keys fit the query (Luong et al. 2015)",
    .defaults = R"({"use_scale": false, "score_mode": "dot", "dropout": 0.0, "seed": null})",
    .minimum_inputs = 2,
    .maximum_inputs = 3,
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
