#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

// Ids are float32, which holds every integer up to here.
constexpr std::int64_t kMostRows = std::int64_t{1} << 24;

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const std::int64_t rows = builder.integer("input_dim");
  const std::int64_t width = builder.integer("output_dim");
  if (rows < 1 || rows > kMostRows) builder.wrong("input_dim", fmt::format("must be between 1 and {}", kMostRows));
  if (width < 1) builder.wrong("output_dim", "must be at least 1");
  const Shape shape = builder.shape();
  if (shape.rank() == Shape::kMaxRank) builder.misfit(fmt::format("expects at most {} axes", shape.rank() - 1));
  if (builder.flag("mask_zero")) {
    if (shape.rank() != 2) builder.misfit("with mask_zero expects sequences of ids (None, time steps)");
    const ValueId ids = ops::reshape(graph, builder.input(), evenflow::concatenate(shape, Shape{1}));
    builder.set_mask(ops::sequence_mask(graph, ids, 0.0f));
  }
  return ops::gather(graph, builder.weight("embeddings", {rows, width}), builder.input());
}

// Keras 2 knows the length of the sequences here, for a Flatten behind it.
void upgrade(Json& config, KerasVersion) {
  config.erase("input_length");
}

}  // namespace

extern const LayerType embedding;
constinit const LayerType embedding{
    .id = "Embedding",
    .summary = "a vector of its own for each of input_dim ids",
    .defaults = R"({"input_dim": null, "output_dim": null, "embeddings_initializer": "uniform",
                    "embeddings_regularizer": null, "embeddings_constraint": null, "mask_zero": false})",
    .build = build,
    .upgrade = upgrade,
};

}  // namespace evenflow::layers
