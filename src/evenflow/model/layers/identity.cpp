#include "evenflow/model/layer_type.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return builder.input();
}

}  // namespace

extern const LayerType identity;
constinit const LayerType identity{
    .id = "Identity",
    .summary = "Its input, unchanged",
    .defaults = "{}",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
