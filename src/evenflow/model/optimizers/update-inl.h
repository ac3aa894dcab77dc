// The loop around an optimizer's rule: clipping, decay, the rule, and the statistics, in one pass over the memory.
// Included once per target, after hwy/foreach_target.h. A rule is a struct with
//   static constexpr std::size_t kSlots;
//   template <class D, class V> static V Change(D d, V g, V* slots, const float* c);
// that updates the slots for the gradient g and returns what is added to the weight; c are the step's coefficients.

#if defined(EVENFLOW_MODEL_OPTIMIZERS_UPDATE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENFLOW_MODEL_OPTIMIZERS_UPDATE_INL_H_
#undef EVENFLOW_MODEL_OPTIMIZERS_UPDATE_INL_H_
#else
#define EVENFLOW_MODEL_OPTIMIZERS_UPDATE_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "evenflow/graph/update_rule.h"
#include "evenflow/tensor/kernels/elementwise-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {

// Sums of one piece of a variable in float32 lanes: a lane adds so few numbers that float32 is precise enough, but
// squares leave its range. So the change is also summed 2^64 times larger, and whatever is still out of the ordinary
// is summed again in float64 (AddExactly).
template <class D>
struct LaneSums {
  using V = hn::Vec<D>;
  D d;
  V gradient = hn::Zero(d), gradient_squares = hn::Zero(d), gradient_maximum = hn::Zero(d), gradient_zeros = hn::Zero(d);
  V weight_squares = hn::Zero(d), change_squares = hn::Zero(d), magnified_change_squares = hn::Zero(d);

  HWY_INLINE void Add(V w, V g, V change) {
    const V magnified = hn::Mul(change, hn::Set(d, 0x1p64f));
    gradient = hn::Add(gradient, g);
    gradient_squares = hn::MulAdd(g, g, gradient_squares);
    gradient_maximum = hn::Max(gradient_maximum, hn::Abs(g));
    gradient_zeros = hn::Add(gradient_zeros, hn::IfThenElseZero(hn::Eq(g, hn::Zero(d)), hn::Set(d, 1.0f)));
    weight_squares = hn::MulAdd(w, w, weight_squares);
    change_squares = hn::MulAdd(change, change, change_squares);
    magnified_change_squares = hn::MulAdd(magnified, magnified, magnified_change_squares);
  }
};

// Between these a float32 sum of squares has lost nothing that counts.
inline bool IsOrdinary(float squares) { return squares > 1e-30f && squares < 1e34f; }

inline void AddExactly(const float* gradient, std::size_t count, UpdateStatistics& s) {
  for (std::size_t i = 0; i < count; ++i) {
    const double g = gradient[i];
    if (!std::isfinite(g)) {
      ++s.gradient_non_finite;
      continue;
    }
    s.gradient_sum += g;
    s.gradient_squares += g * g;
    s.gradient_maximum = std::max(s.gradient_maximum, std::abs(g));
    s.gradient_zeros += g == 0 ? 1 : 0;
  }
}

inline double ExactSquares(const float* x, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += static_cast<double>(x[i]) * x[i];
  return sum;
}

template <class D>
HWY_INLINE void AddSums(const LaneSums<D>& lanes, const UpdateBlock& piece, std::size_t filled, UpdateStatistics& s) {
  const D d;
  const float maximum = hn::GetLane(hn::MaxOfLanes(d, lanes.gradient_maximum));
  const float squares = hn::GetLane(hn::SumOfLanes(d, lanes.gradient_squares));
  if (IsOrdinary(squares) || (squares == 0.0f && maximum == 0.0f)) {
    s.gradient_sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, lanes.gradient)));
    s.gradient_squares += static_cast<double>(squares);
    s.gradient_maximum = std::max(s.gradient_maximum, static_cast<double>(maximum));
    s.gradient_zeros += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, lanes.gradient_zeros))) - static_cast<double>(filled);
  } else {
    AddExactly(piece.gradient, piece.count, s);
  }
  const float weights = hn::GetLane(hn::SumOfLanes(d, lanes.weight_squares));
  // Weights of such sizes are summed after the update, which changes them little against their size.
  s.weight_squares += IsOrdinary(weights) ? static_cast<double>(weights) : ExactSquares(piece.weights, piece.count);
  const float change = hn::GetLane(hn::SumOfLanes(d, lanes.change_squares));
  const float magnified = hn::GetLane(hn::SumOfLanes(d, lanes.magnified_change_squares));
  s.update_squares += IsOrdinary(change) ? static_cast<double>(change) : change > 1.0f || std::isnan(change) ? static_cast<double>(change) : static_cast<double>(magnified) * 0x1p-128;
}

template <class Rule, bool kStatistics>
void UpdatePiece(const UpdateBlock& piece) {
  const hn::ScalableTag<float> d;
  using D = decltype(d);
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  const V scale = hn::Set(d, piece.gradient_scale);
  const V limit = hn::Set(d, piece.clip_value);
  const V decay = hn::Set(d, piece.decay);
  LaneSums<D> sums{d};

  const auto step = [&](V w, V raw, V* slots) HWY_ATTR {
    V g = hn::Mul(raw, scale);
    g = hn::IfThenElse(hn::Gt(g, limit), limit, g);  // comparisons, not Min and Max: NaN must stay
    g = hn::IfThenElse(hn::Lt(g, hn::Neg(limit)), hn::Neg(limit), g);
    const V change = hn::NegMulAdd(w, decay, Rule::Change(d, g, slots, piece.coefficients));
    if (kStatistics) sums.Add(w, raw, change);
    return hn::Add(w, change);
  };
  V slots[Rule::kSlots + 1];
  std::size_t i = 0;
  for (; i + lanes <= piece.count; i += lanes) {
    for (std::size_t s = 0; s < Rule::kSlots; ++s) slots[s] = hn::LoadU(d, piece.slots[s] + i);
    hn::StoreU(step(hn::LoadU(d, piece.weights + i), hn::LoadU(d, piece.gradient + i), slots), d, piece.weights + i);
    for (std::size_t s = 0; s < Rule::kSlots; ++s) hn::StoreU(slots[s], d, piece.slots[s] + i);
  }
  const std::size_t rest = piece.count - i;
  if (rest > 0) {
    for (std::size_t s = 0; s < Rule::kSlots; ++s) slots[s] = LoadPart(d, piece.slots[s] + i, rest);
    StorePart(step(LoadPart(d, piece.weights + i, rest), LoadPart(d, piece.gradient + i, rest), slots), d, piece.weights + i, rest);
    for (std::size_t s = 0; s < Rule::kSlots; ++s) StorePart(slots[s], d, piece.slots[s] + i, rest);
  }
  if (kStatistics) AddSums(sums, piece, rest > 0 ? lanes - rest : 0, *piece.statistics);
}

// In pieces that are short enough for LaneSums.
template <class Rule>
void Update(const UpdateBlock& block) {
  constexpr std::size_t kPiece = 1024;
  if (block.statistics == nullptr) return UpdatePiece<Rule, false>(block);
  for (std::size_t begin = 0; begin < block.count; begin += kPiece) {
    UpdateBlock piece = block;
    piece.count = std::min(kPiece, block.count - begin);
    piece.weights += begin;
    piece.gradient += begin;
    for (std::size_t s = 0; s < Rule::kSlots; ++s) piece.slots[s] += begin;
    UpdatePiece<Rule, true>(piece);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#endif  // EVENFLOW_MODEL_OPTIMIZERS_UPDATE_INL_H_
