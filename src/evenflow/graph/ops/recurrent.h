// Recurrent cells over all time steps as one operator. The products with the inputs are not part of it: they are one
// matrix product over all steps, made before.
#pragma once

#include <string>

#include "evenflow/graph.h"
#include "evenflow/tensor/kernels/recurrent_cells.h"

namespace evenflow::ops {

enum class Cell : std::uint8_t { simple, lstm, gru, gru_reset_after };

// Blocks of units in a row of projected inputs: 1, 4 (i, f, c, o), 3 (z, r, h).
std::int64_t gate_count(Cell cell);

struct RecurrentOptions {
  Cell cell = Cell::simple;
  kernels::GateFunctions functions;
  // When the graph is differentiated, outputs of these names are added: float64 (time), the norm over batch and units
  // of the gradient with respect to the state after each time step. Empty: not computed.
  std::string hidden_gradient_output = {};
  std::string cell_gradient_output = {};
};

struct RecurrentInputs {
  ValueId projected;         // (time, batch, gates * units): inputs times kernel plus bias
  ValueId recurrent_kernel;  // (units, gates * units)
  ValueId recurrent_bias;    // (3 * units), GRU with reset_after; absent: none
  ValueId hidden;            // (batch, units): initial state
  ValueId cell;              // (batch, units): of the LSTM; else absent
  ValueId mask;              // (time, batch) of 0 and 1; where it is 0 the states stay as they are; absent: all 1
  // (batch, units): what the hidden state is multiplied with before the recurrent product (dropout); absent: 1
  ValueId hidden_scale;
};

struct RecurrentStates {
  ValueId hidden;  // (time + 1, batch, units): the initial state and the one after each step
  ValueId cell;    // the same of the LSTM's cell; else absent
};

// Throws Error(shape) when the inputs do not fit each other.
RecurrentStates recurrent(Graph& graph, const RecurrentInputs& inputs, const RecurrentOptions& options);

}  // namespace evenflow::ops
