// What a layer's weights are, against what its initializer draws.
#pragma once

#include "evenflow/health.h"
#include "evenflow/model/lowering.h"

namespace evenflow {

void add_weight_facts(const LoweredLayer& layer, const Weights& weights, LayerTrace& trace);

}  // namespace evenflow
