// Layers that stand in another layer's configuration: what Bidirectional and TimeDistributed wrap.
#pragma once

#include <string_view>

#include "evenflow/model/layer_type.h"

namespace evenflow {

// The layer under `key`, as Keras writes it: {"class_name", "config": {"name", ...}}. Throws Error naming the wrapper.
Layer wrapped_layer(const LayerBuilder& builder, std::string_view key);

}  // namespace evenflow
