// One time step of a recurrent cell, forward and backward, for some rows (samples) whose matrix products are done.
// Gate order and formulas as in Keras: SimpleRNN; LSTM (Hochreiter and Schmidhuber 1997, with Gers et al.'s forget gate
// of 2000): i, f, c, o; GRU (Cho et al. 2014): z, r, h.
#pragma once

#include <cstddef>

#include "evenflow/tensor/kernels/unary.h"

namespace evenflow::kernels {

struct GateFunctions {
  const UnaryFunction* activation = nullptr;
  UnaryParameters activation_parameters{};
  const UnaryFunction* recurrent_activation = nullptr;  // of the gates; null for the simple cell
  UnaryParameters recurrent_parameters{};

  // Must pre-activations be kept for the backward pass?
  bool reads_pre_activation() const {
    return activation->backward_reads_x || (recurrent_activation != nullptr && recurrent_activation->backward_reads_x);
  }
};

// All arrays have `rows` rows; widths in units are given in brackets.
struct CellStep {
  const GateFunctions* functions;
  std::size_t rows;
  std::size_t units;
  float* gates;             // [gates] pre-activations in, activations out
  float* pre_activation;    // [gates] copy of the pre-activations; null unless GateFunctions::reads_pre_activation
  const float* recurrent;   // GRU: h_prev times the recurrent kernel, with its bias: [3] reset_after, else [2]
  const float* h_previous;  // [1]
  const float* c_previous;  // [1] LSTM
  float* h;                 // [1] out
  float* c;                 // [1] LSTM, out
  // Out: LSTM activation(c); GRU reset_after the candidate's recurrent part; GRU r * h_previous. [1]
  float* extra;
};

void simple_step(const CellStep& step);
void lstm_step(const CellStep& step);
void gru_reset_after_step(const CellStep& step);
// The GRU with the reset gate before the product, in two parts: between them `candidate` [1] is `extra` times its
// kernel.
void gru_gates_step(const CellStep& step);
void gru_output_step(const CellStep& step, const float* candidate);

struct CellGradientStep {
  const GateFunctions* functions;
  std::size_t rows;
  std::size_t units;
  const float* gates;           // activations, as the step left them
  const float* pre_activation;  // null unless GateFunctions::reads_pre_activation
  const float* h_previous;
  const float* c_previous;
  const float* c;
  const float* extra;
  const float* dh;     // gradient with respect to h
  float* dc;           // LSTM: gradient with respect to c without the way through h in, to c_previous out
  float* dc_total;     // LSTM, out: gradient with respect to c
  float* dgates;       // [gates] out: with respect to the pre-activations
  float* drecurrent;   // GRU reset_after, [3] out: with respect to the recurrent products
  float* dh_previous;  // [1] out: the part that does not go through a recurrent product
};

void simple_gradient(const CellGradientStep& step);
void lstm_gradient(const CellGradientStep& step);
void gru_reset_after_gradient(const CellGradientStep& step);
// In two parts: between them `dextra` [1] is the candidate's part of dgates times its transposed kernel. `hidden` [1]
// is what the reset gate was multiplied with, `dhidden` out.
void gru_candidate_gradient(const CellGradientStep& step);
void gru_gates_gradient(const CellGradientStep& step, const float* dextra, const float* hidden, float* dhidden);

}  // namespace evenflow::kernels
