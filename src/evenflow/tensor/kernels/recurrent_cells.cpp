#include "evenflow/tensor/kernels/recurrent_cells.h"

#include <algorithm>

namespace evenflow::kernels {
namespace {

// Applies f to columns [begin, begin + count) of rows of `width` numbers, in place.
void apply(const UnaryFunction& f, const UnaryParameters& parameters, float* x, std::size_t rows, std::size_t width,
           std::size_t begin, std::size_t count) {
  if (count == width) return f.forward(x, x, rows * width, parameters);
  for (std::size_t r = 0; r < rows; ++r) {
    float* const part = x + r * width + begin;
    f.forward(part, part, count, parameters);
  }
}

// Keeps columns of the pre-activations for the backward pass, where it asks for them.
void keep(const CellStep& s, std::size_t width, std::size_t begin, std::size_t count) {
  if (s.pre_activation == nullptr) return;
  for (std::size_t r = 0; r < s.rows; ++r) {
    std::copy_n(s.gates + r * width + begin, count, s.pre_activation + r * width + begin);
  }
}

// dy times the derivative, in place on dy.
void apply_gradient(const UnaryFunction& f, const UnaryParameters& parameters, const float* x, const float* y,
                    float* dy, std::size_t rows, std::size_t width, std::size_t begin, std::size_t count) {
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t at = r * width + begin;
    f.backward(x == nullptr ? nullptr : x + at, y + at, dy + at, dy + at, count, parameters);
  }
}

}  // namespace

void simple_step(const CellStep& s) {
  const GateFunctions& f = *s.functions;
  keep(s, s.units, 0, s.units);
  apply(*f.activation, f.activation_parameters, s.gates, s.rows, s.units, 0, s.units);
  std::copy_n(s.gates, s.rows * s.units, s.h);
}

void simple_gradient(const CellGradientStep& s) {
  const GateFunctions& f = *s.functions;
  const std::size_t count = s.rows * s.units;
  std::copy_n(s.dh, count, s.dgates);
  apply_gradient(*f.activation, f.activation_parameters, s.pre_activation, s.gates, s.dgates, s.rows, s.units, 0,
                 s.units);
  std::fill_n(s.dh_previous, count, 0.0f);
}

void lstm_step(const CellStep& s) {
  const GateFunctions& f = *s.functions;
  const std::size_t u = s.units;
  keep(s, 4 * u, 0, 4 * u);
  apply(*f.recurrent_activation, f.recurrent_parameters, s.gates, s.rows, 4 * u, 0, 2 * u);
  apply(*f.activation, f.activation_parameters, s.gates, s.rows, 4 * u, 2 * u, u);
  apply(*f.recurrent_activation, f.recurrent_parameters, s.gates, s.rows, 4 * u, 3 * u, u);
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const input = s.gates + r * 4 * u;
    const float* const forget = input + u;
    const float* const candidate = forget + u;
    const float* const before = s.c_previous + r * u;
    float* const c = s.c + r * u;
    for (std::size_t j = 0; j < u; ++j) c[j] = forget[j] * before[j] + input[j] * candidate[j];
  }
  f.activation->forward(s.c, s.extra, s.rows * u, f.activation_parameters);
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const output = s.gates + r * 4 * u + 3 * u;
    const float* const active = s.extra + r * u;
    float* const h = s.h + r * u;
    for (std::size_t j = 0; j < u; ++j) h[j] = output[j] * active[j];
  }
}

void lstm_gradient(const CellGradientStep& s) {
  const GateFunctions& f = *s.functions;
  const std::size_t u = s.units;
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const output = s.gates + r * 4 * u + 3 * u;
    for (std::size_t j = 0; j < u; ++j) s.dc_total[r * u + j] = s.dh[r * u + j] * output[j];
  }
  f.activation->backward(s.c, s.extra, s.dc_total, s.dc_total, s.rows * u, f.activation_parameters);
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const gates = s.gates + r * 4 * u;
    const float* const before = s.c_previous + r * u;
    const float* const active = s.extra + r * u;
    const float* const dh = s.dh + r * u;
    float* const total = s.dc_total + r * u;
    float* const dc = s.dc + r * u;
    float* const d = s.dgates + r * 4 * u;
    for (std::size_t j = 0; j < u; ++j) {
      total[j] += dc[j];
      d[j] = total[j] * gates[2 * u + j];
      d[u + j] = total[j] * before[j];
      d[2 * u + j] = total[j] * gates[j];
      d[3 * u + j] = dh[j] * active[j];
      dc[j] = total[j] * gates[u + j];
    }
  }
  std::fill_n(s.dh_previous, s.rows * u, 0.0f);
  const auto gradient = [&](const UnaryFunction& function, const UnaryParameters& parameters, std::size_t begin,
                            std::size_t count) {
    apply_gradient(function, parameters, s.pre_activation, s.gates, s.dgates, s.rows, 4 * u, begin, count);
  };
  gradient(*f.recurrent_activation, f.recurrent_parameters, 0, 2 * u);
  gradient(*f.activation, f.activation_parameters, 2 * u, u);
  gradient(*f.recurrent_activation, f.recurrent_parameters, 3 * u, u);
}

namespace {

// h = z h_previous + (1 - z) candidate
void mix(const CellStep& s) {
  const std::size_t u = s.units;
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const z = s.gates + r * 3 * u;
    const float* const candidate = z + 2 * u;
    const float* const before = s.h_previous + r * u;
    float* const h = s.h + r * u;
    for (std::size_t j = 0; j < u; ++j) h[j] = candidate[j] + z[j] * (before[j] - candidate[j]);
  }
}

// Adds the recurrent products of z and r, whose rows are `width` long, and applies their activation.
void add_gates(const CellStep& s, std::size_t width) {
  const GateFunctions& f = *s.functions;
  const std::size_t u = s.units;
  for (std::size_t r = 0; r < s.rows; ++r) {
    float* const gates = s.gates + r * 3 * u;
    const float* const recurrent = s.recurrent + r * width;
    for (std::size_t j = 0; j < 2 * u; ++j) gates[j] += recurrent[j];
  }
  keep(s, 3 * u, 0, 2 * u);
  apply(*f.recurrent_activation, f.recurrent_parameters, s.gates, s.rows, 3 * u, 0, 2 * u);
}

void finish_candidate(const CellStep& s) {
  const GateFunctions& f = *s.functions;
  keep(s, 3 * s.units, 2 * s.units, s.units);
  apply(*f.activation, f.activation_parameters, s.gates, s.rows, 3 * s.units, 2 * s.units, s.units);
  mix(s);
}

// The gradients of z's and the candidate's activations, and what goes to h_previous directly.
void mix_gradient(const CellGradientStep& s) {
  const std::size_t u = s.units;
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const z = s.gates + r * 3 * u;
    const float* const candidate = z + 2 * u;
    const float* const before = s.h_previous + r * u;
    const float* const dh = s.dh + r * u;
    float* const d = s.dgates + r * 3 * u;
    float* const direct = s.dh_previous + r * u;
    for (std::size_t j = 0; j < u; ++j) {
      d[j] = dh[j] * (before[j] - candidate[j]);
      d[2 * u + j] = dh[j] * (1.0f - z[j]);
      direct[j] = dh[j] * z[j];
    }
  }
}

}  // namespace

void gru_reset_after_step(const CellStep& s) {
  const std::size_t u = s.units;
  add_gates(s, 3 * u);
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const recurrent = s.recurrent + r * 3 * u + 2 * u;
    const float* const reset = s.gates + r * 3 * u + u;
    float* const candidate = s.gates + r * 3 * u + 2 * u;
    std::copy_n(recurrent, u, s.extra + r * u);
    for (std::size_t j = 0; j < u; ++j) candidate[j] += reset[j] * recurrent[j];
  }
  finish_candidate(s);
}

void gru_gates_step(const CellStep& s) {
  const std::size_t u = s.units;
  add_gates(s, 2 * u);
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const reset = s.gates + r * 3 * u + u;
    for (std::size_t j = 0; j < u; ++j) s.extra[r * u + j] = reset[j] * s.h_previous[r * u + j];
  }
}

void gru_output_step(const CellStep& s, const float* candidate) {
  const std::size_t u = s.units;
  for (std::size_t r = 0; r < s.rows; ++r) {
    float* const part = s.gates + r * 3 * u + 2 * u;
    for (std::size_t j = 0; j < u; ++j) part[j] += candidate[r * u + j];
  }
  finish_candidate(s);
}

void gru_reset_after_gradient(const CellGradientStep& s) {
  const GateFunctions& f = *s.functions;
  const std::size_t u = s.units;
  mix_gradient(s);
  apply_gradient(*f.activation, f.activation_parameters, s.pre_activation, s.gates, s.dgates, s.rows, 3 * u, 2 * u, u);
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const reset = s.gates + r * 3 * u + u;
    const float* const recurrent = s.extra + r * u;
    float* const d = s.dgates + r * 3 * u;
    for (std::size_t j = 0; j < u; ++j) d[u + j] = d[2 * u + j] * recurrent[j];
    for (std::size_t j = 0; j < u; ++j) s.drecurrent[r * 3 * u + 2 * u + j] = d[2 * u + j] * reset[j];
  }
  apply_gradient(*f.recurrent_activation, f.recurrent_parameters, s.pre_activation, s.gates, s.dgates, s.rows, 3 * u, 0,
                 2 * u);
  for (std::size_t r = 0; r < s.rows; ++r) std::copy_n(s.dgates + r * 3 * u, 2 * u, s.drecurrent + r * 3 * u);
}

void gru_candidate_gradient(const CellGradientStep& s) {
  const GateFunctions& f = *s.functions;
  mix_gradient(s);
  apply_gradient(*f.activation, f.activation_parameters, s.pre_activation, s.gates, s.dgates, s.rows, 3 * s.units,
                 2 * s.units, s.units);
}

void gru_gates_gradient(const CellGradientStep& s, const float* dextra, const float* hidden, float* dhidden) {
  const GateFunctions& f = *s.functions;
  const std::size_t u = s.units;
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const reset = s.gates + r * 3 * u + u;
    float* const d = s.dgates + r * 3 * u + u;
    for (std::size_t j = 0; j < u; ++j) {
      d[j] = dextra[r * u + j] * hidden[r * u + j];
      dhidden[r * u + j] = dextra[r * u + j] * reset[j];
    }
  }
  apply_gradient(*f.recurrent_activation, f.recurrent_parameters, s.pre_activation, s.gates, s.dgates, s.rows, 3 * u, 0,
                 2 * u);
}

}  // namespace evenflow::kernels
