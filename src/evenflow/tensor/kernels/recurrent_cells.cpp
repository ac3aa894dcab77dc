#include "evenflow/tensor/kernels/recurrent_cells.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/tensor/kernels/recurrent_cells.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

using kernels::CellGradientStep;
using kernels::CellStep;
using kernels::GateFunctions;

// body(load, store) for every vector of `count` columns: load(p) reads p's columns, store(v, p) writes them.
template <class Body>
HWY_INLINE void ForColumns(std::size_t count, const Body& body) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    body([=](const float* p) HWY_ATTR { return hn::LoadU(d, p + i); },
         [=](auto v, float* p) HWY_ATTR { hn::StoreU(v, d, p + i); });
  }
  if (i == count) return;
  const std::size_t rest = count - i;
  body([=](const float* p) HWY_ATTR { return LoadPart(d, p + i, rest); },
       [=](auto v, float* p) HWY_ATTR { StorePart(v, d, p + i, rest); });
}

// Applies f to columns [begin, begin + count) of rows of `width` numbers, in place.
void Apply(const UnaryFunction& f, const UnaryParameters& parameters, float* x, std::size_t rows, std::size_t width,
           std::size_t begin, std::size_t count) {
  if (count == width) return f.forward(x, x, rows * width, parameters);
  for (std::size_t r = 0; r < rows; ++r) {
    float* const part = x + r * width + begin;
    f.forward(part, part, count, parameters);
  }
}

// Keeps columns of the pre-activations for the backward pass, where it asks for them.
void Keep(const CellStep& s, std::size_t width, std::size_t begin, std::size_t count) {
  if (s.pre_activation == nullptr) return;
  for (std::size_t r = 0; r < s.rows; ++r) {
    std::copy_n(s.gates + r * width + begin, count, s.pre_activation + r * width + begin);
  }
}

// dy times the derivative, in place on columns [begin, begin + count) of dgates.
void ApplyGradient(const UnaryFunction& f, const UnaryParameters& parameters, const CellGradientStep& s,
                   std::size_t width, std::size_t begin, std::size_t count) {
  for (std::size_t r = 0; r < s.rows; ++r) {
    const std::size_t at = r * width + begin;
    f.backward(s.pre_activation == nullptr ? nullptr : s.pre_activation + at, s.gates + at, s.dgates + at,
               s.dgates + at, count, parameters);
  }
}

void SimpleStep(const CellStep& s) {
  const GateFunctions& f = *s.functions;
  Keep(s, s.units, 0, s.units);
  Apply(*f.activation, f.activation_parameters, s.gates, s.rows, s.units, 0, s.units);
  std::copy_n(s.gates, s.rows * s.units, s.h);
}

void SimpleGradient(const CellGradientStep& s) {
  const GateFunctions& f = *s.functions;
  const std::size_t count = s.rows * s.units;
  std::copy_n(s.dh, count, s.dgates);
  ApplyGradient(*f.activation, f.activation_parameters, s, s.units, 0, s.units);
  std::fill_n(s.dh_previous, count, 0.0f);
}

void LstmStep(const CellStep& s) {
  const GateFunctions& f = *s.functions;
  const std::size_t u = s.units;
  Keep(s, 4 * u, 0, 4 * u);
  Apply(*f.recurrent_activation, f.recurrent_parameters, s.gates, s.rows, 4 * u, 0, 2 * u);
  Apply(*f.activation, f.activation_parameters, s.gates, s.rows, 4 * u, 2 * u, u);
  Apply(*f.recurrent_activation, f.recurrent_parameters, s.gates, s.rows, 4 * u, 3 * u, u);
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const input = s.gates + r * 4 * u;
    const float* const forget = input + u;
    const float* const candidate = forget + u;
    const float* const before = s.c_previous + r * u;
    float* const c = s.c + r * u;
    ForColumns(u, [=](const auto& load, const auto& store) HWY_ATTR {
      store(hn::MulAdd(load(forget), load(before), hn::Mul(load(input), load(candidate))), c);
    });
  }
  f.activation->forward(s.c, s.extra, s.rows * u, f.activation_parameters);
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const output = s.gates + r * 4 * u + 3 * u;
    const float* const active = s.extra + r * u;
    float* const h = s.h + r * u;
    ForColumns(u, [=](const auto& load, const auto& store) HWY_ATTR { store(hn::Mul(load(output), load(active)), h); });
  }
}

void LstmGradient(const CellGradientStep& s) {
  const GateFunctions& f = *s.functions;
  const std::size_t u = s.units;
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const output = s.gates + r * 4 * u + 3 * u;
    const float* const dh = s.dh + r * u;
    float* const total = s.dc_total + r * u;
    ForColumns(u, [=](const auto& load, const auto& store) HWY_ATTR { store(hn::Mul(load(dh), load(output)), total); });
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
    ForColumns(u, [=](const auto& load, const auto& store) HWY_ATTR {
      const auto sum = hn::Add(load(total), load(dc));
      store(sum, total);
      store(hn::Mul(sum, load(gates + 2 * u)), d);
      store(hn::Mul(sum, load(before)), d + u);
      store(hn::Mul(sum, load(gates)), d + 2 * u);
      store(hn::Mul(load(dh), load(active)), d + 3 * u);
      store(hn::Mul(sum, load(gates + u)), dc);
    });
  }
  std::fill_n(s.dh_previous, s.rows * u, 0.0f);
  ApplyGradient(*f.recurrent_activation, f.recurrent_parameters, s, 4 * u, 0, 2 * u);
  ApplyGradient(*f.activation, f.activation_parameters, s, 4 * u, 2 * u, u);
  ApplyGradient(*f.recurrent_activation, f.recurrent_parameters, s, 4 * u, 3 * u, u);
}

// h = z h_previous + (1 - z) candidate, once the candidate's pre-activation is complete.
void FinishCandidate(const CellStep& s) {
  const GateFunctions& f = *s.functions;
  const std::size_t u = s.units;
  Keep(s, 3 * u, 2 * u, u);
  Apply(*f.activation, f.activation_parameters, s.gates, s.rows, 3 * u, 2 * u, u);
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const z = s.gates + r * 3 * u;
    const float* const candidate = z + 2 * u;
    const float* const before = s.h_previous + r * u;
    float* const h = s.h + r * u;
    ForColumns(u, [=](const auto& load, const auto& store) HWY_ATTR {
      const auto now = load(candidate);
      store(hn::MulAdd(load(z), hn::Sub(load(before), now), now), h);
    });
  }
}

// Adds the recurrent products of z and r, whose rows are `width` long, and applies their activation.
void AddGates(const CellStep& s, std::size_t width) {
  const GateFunctions& f = *s.functions;
  const std::size_t u = s.units;
  for (std::size_t r = 0; r < s.rows; ++r) {
    float* const gates = s.gates + r * 3 * u;
    const float* const recurrent = s.recurrent + r * width;
    ForColumns(2 * u, [=](const auto& load, const auto& store)
                          HWY_ATTR { store(hn::Add(load(gates), load(recurrent)), gates); });
  }
  Keep(s, 3 * u, 0, 2 * u);
  Apply(*f.recurrent_activation, f.recurrent_parameters, s.gates, s.rows, 3 * u, 0, 2 * u);
}

// The gradients of z's and the candidate's activations, and what goes to h_previous directly.
void MixGradient(const CellGradientStep& s) {
  const GateFunctions& f = *s.functions;
  const std::size_t u = s.units;
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const z = s.gates + r * 3 * u;
    const float* const candidate = z + 2 * u;
    const float* const before = s.h_previous + r * u;
    const float* const dh = s.dh + r * u;
    float* const d = s.dgates + r * 3 * u;
    float* const direct = s.dh_previous + r * u;
    ForColumns(u, [=](const auto& load, const auto& store) HWY_ATTR {
      const auto gradient = load(dh);
      const auto kept = hn::Mul(gradient, load(z));
      store(hn::Mul(gradient, hn::Sub(load(before), load(candidate))), d);
      store(hn::Sub(gradient, kept), d + 2 * u);
      store(kept, direct);
    });
  }
  ApplyGradient(*f.activation, f.activation_parameters, s, 3 * u, 2 * u, u);
}

void GruResetAfterStep(const CellStep& s) {
  const std::size_t u = s.units;
  AddGates(s, 3 * u);
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const recurrent = s.recurrent + r * 3 * u + 2 * u;
    const float* const reset = s.gates + r * 3 * u + u;
    float* const candidate = s.gates + r * 3 * u + 2 * u;
    float* const extra = s.extra + r * u;
    ForColumns(u, [=](const auto& load, const auto& store) HWY_ATTR {
      const auto product = load(recurrent);
      store(product, extra);
      store(hn::MulAdd(load(reset), product, load(candidate)), candidate);
    });
  }
  FinishCandidate(s);
}

void GruResetAfterGradient(const CellGradientStep& s) {
  const GateFunctions& f = *s.functions;
  const std::size_t u = s.units;
  MixGradient(s);
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const reset = s.gates + r * 3 * u + u;
    const float* const recurrent = s.extra + r * u;
    float* const d = s.dgates + r * 3 * u;
    float* const drecurrent = s.drecurrent + r * 3 * u;
    ForColumns(u, [=](const auto& load, const auto& store) HWY_ATTR {
      const auto candidate = load(d + 2 * u);
      store(hn::Mul(candidate, load(recurrent)), d + u);
      store(hn::Mul(candidate, load(reset)), drecurrent + 2 * u);
    });
  }
  ApplyGradient(*f.recurrent_activation, f.recurrent_parameters, s, 3 * u, 0, 2 * u);
  for (std::size_t r = 0; r < s.rows; ++r) std::copy_n(s.dgates + r * 3 * u, 2 * u, s.drecurrent + r * 3 * u);
}

void GruGatesStep(const CellStep& s) {
  const std::size_t u = s.units;
  AddGates(s, 2 * u);
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const reset = s.gates + r * 3 * u + u;
    const float* const before = s.h_previous + r * u;
    float* const extra = s.extra + r * u;
    ForColumns(u,
               [=](const auto& load, const auto& store) HWY_ATTR { store(hn::Mul(load(reset), load(before)), extra); });
  }
}

void GruOutputStep(const CellStep& s, const float* candidate) {
  const std::size_t u = s.units;
  for (std::size_t r = 0; r < s.rows; ++r) {
    float* const part = s.gates + r * 3 * u + 2 * u;
    const float* const product = candidate + r * u;
    ForColumns(u,
               [=](const auto& load, const auto& store) HWY_ATTR { store(hn::Add(load(part), load(product)), part); });
  }
  FinishCandidate(s);
}

void GruGatesGradient(const CellGradientStep& s, const float* dextra, const float* hidden, float* dhidden) {
  const GateFunctions& f = *s.functions;
  const std::size_t u = s.units;
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* const reset = s.gates + r * 3 * u + u;
    float* const d = s.dgates + r * 3 * u + u;
    const std::size_t row = r * u;
    ForColumns(u, [=](const auto& load, const auto& store) HWY_ATTR {
      const auto gradient = load(dextra + row);
      store(hn::Mul(gradient, load(hidden + row)), d);
      store(hn::Mul(gradient, load(reset)), dhidden + row);
    });
  }
  ApplyGradient(*f.recurrent_activation, f.recurrent_parameters, s, 3 * u, 0, 2 * u);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(SimpleStep);
HWY_EXPORT(LstmStep);
HWY_EXPORT(GruResetAfterStep);
HWY_EXPORT(GruGatesStep);
HWY_EXPORT(GruOutputStep);
HWY_EXPORT(SimpleGradient);
HWY_EXPORT(LstmGradient);
HWY_EXPORT(GruResetAfterGradient);
HWY_EXPORT(MixGradient);
HWY_EXPORT(GruGatesGradient);

namespace kernels {

void simple_step(const CellStep& step) {
  HWY_DYNAMIC_DISPATCH(SimpleStep)(step);
}
void lstm_step(const CellStep& step) {
  HWY_DYNAMIC_DISPATCH(LstmStep)(step);
}
void gru_reset_after_step(const CellStep& step) {
  HWY_DYNAMIC_DISPATCH(GruResetAfterStep)(step);
}
void gru_gates_step(const CellStep& step) {
  HWY_DYNAMIC_DISPATCH(GruGatesStep)(step);
}
void gru_output_step(const CellStep& step, const float* candidate) {
  HWY_DYNAMIC_DISPATCH(GruOutputStep)(step, candidate);
}
void simple_gradient(const CellGradientStep& step) {
  HWY_DYNAMIC_DISPATCH(SimpleGradient)(step);
}
void lstm_gradient(const CellGradientStep& step) {
  HWY_DYNAMIC_DISPATCH(LstmGradient)(step);
}
void gru_reset_after_gradient(const CellGradientStep& step) {
  HWY_DYNAMIC_DISPATCH(GruResetAfterGradient)(step);
}
void gru_candidate_gradient(const CellGradientStep& step) {
  HWY_DYNAMIC_DISPATCH(MixGradient)(step);
}
void gru_gates_gradient(const CellGradientStep& step, const float* dextra, const float* hidden, float* dhidden) {
  HWY_DYNAMIC_DISPATCH(GruGatesGradient)(step, dextra, hidden, dhidden);
}

}  // namespace kernels
}  // namespace evenflow
#endif
