// What the activation remedies share: another function in every hidden layer, with the initial weights that fit it.
#pragma once

#include <string_view>

#include "evenflow/cure/remedy.h"
#include "evenflow/cure/rewrite.h"

namespace evenflow {

// `activation` is a Keras name. Layers that have it already keep it, and their initializers.
Treatment replace_activation(const Case& c, std::string_view activation);

}  // namespace evenflow
