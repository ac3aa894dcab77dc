// What SimpleRNN, LSTM and GRU share.
#pragma once

#include <string_view>

#include "evenflow/graph/ops/recurrent.h"
#include "evenflow/model/layer_type.h"

namespace evenflow {

// Builds the layer with the cell that it has: variables kernel, recurrent_kernel, bias; inputs beyond the first are
// initial states; outputs after the first are final states with return_state.
ValueId build_recurrent(LayerBuilder& builder, ops::Cell cell);

// Keras 2's keys that say nothing new (implementation, unroll, ...).
void upgrade_recurrent(Json& config, KerasVersion version);

}  // namespace evenflow
