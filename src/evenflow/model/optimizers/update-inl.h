// The loop around an optimizer's rule: clipping, decay, the rule, and the statistics, in one pass over the memory.
// Included once per target, after hwy/foreach_target.h. A rule is a struct with
//   static constexpr std::size_t kSlots;
//   template <class D, class V> static V Change(D d, V w, V g, V* slots, const float* c);
// that updates the slots for the weight w and the gradient g and returns what is added to the weight; c are the step's
// coefficients. Each optimizer's file is compiled once per target and exports one function that chooses among its
// rules:
//   UpdateKernel SgdKernel(std::size_t variant) { return Choose<Sgd, Momentum, Nesterov>(variant); }

#if defined(EVENFLOW_MODEL_OPTIMIZERS_UPDATE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENFLOW_MODEL_OPTIMIZERS_UPDATE_INL_H_
#undef EVENFLOW_MODEL_OPTIMIZERS_UPDATE_INL_H_
#else
#define EVENFLOW_MODEL_OPTIMIZERS_UPDATE_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "evenflow/graph/update_rule.h"
#include "evenflow/model/optimizers/rule.h"
#include "evenflow/tensor/kernels/elementwise-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {

// Statistics are gathered piece by piece: so few numbers can be summed in float32 lanes, unless their squares leave its
// range. For that case weights and changes are kept, in the innermost cache, and summed again in float64.
inline constexpr std::size_t kUpdatePiece = 1024;

struct KeptPiece {
  HWY_ALIGN float weights[kUpdatePiece];  // before the update
  HWY_ALIGN float changes[kUpdatePiece];
};

template <class V>
struct LaneSums {
  V gradient, gradient_squares, gradient_maximum, gradient_zeros, weight_squares, change_squares;

  // Squares start with the smallest number that keeps sums from being subnormal, which would be slow.
  template <class D>
  explicit LaneSums(D d)
      : gradient(hn::Zero(d)),
        gradient_squares(hn::Set(d, 1.2e-38f)),
        gradient_maximum(hn::Zero(d)),
        gradient_zeros(hn::Zero(d)),
        weight_squares(gradient_squares),
        change_squares(gradient_squares) {}

  template <class D>
  HWY_INLINE void Add(D d, V w, V g, V change) {
    gradient = hn::Add(gradient, g);
    gradient_squares = hn::MulAdd(g, g, gradient_squares);
    gradient_maximum = hn::Max(gradient_maximum, hn::Abs(g));
    gradient_zeros = hn::Add(gradient_zeros, hn::IfThenElseZero(hn::Eq(g, hn::Zero(d)), hn::Set(d, 1.0f)));
    weight_squares = hn::MulAdd(w, w, weight_squares);
    change_squares = hn::MulAdd(change, change, change_squares);
  }

  HWY_INLINE void Merge(const LaneSums& other) {
    gradient = hn::Add(gradient, other.gradient);
    gradient_squares = hn::Add(gradient_squares, other.gradient_squares);
    gradient_maximum = hn::Max(gradient_maximum, other.gradient_maximum);
    gradient_zeros = hn::Add(gradient_zeros, other.gradient_zeros);
    weight_squares = hn::Add(weight_squares, other.weight_squares);
    change_squares = hn::Add(change_squares, other.change_squares);
  }
};

// Between these a float32 sum of squares has lost nothing that counts.
inline bool IsOrdinary(float squares) {
  return squares > 1e-30f && squares < 1e34f;
}

// body(vector of float64) for all of x; the last one is filled up with zeros.
template <class D, class Body>
HWY_INLINE void ForEachExactly(D d, const float* x, std::size_t count, const Body& body) {
  const hn::Rebind<float, D> half;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) body(hn::PromoteTo(d, hn::LoadU(half, x + i)));
  if (i < count) body(hn::PromoteTo(d, LoadPart(half, x + i, count - i)));
}

inline double ExactSquares(const float* x, std::size_t count) {
  const hn::ScalableTag<double> d;
  auto sum = hn::Zero(d);
  ForEachExactly(d, x, count, [&](auto v) HWY_ATTR { sum = hn::MulAdd(v, v, sum); });
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

inline void AddGradientExactly(const float* g, std::size_t count, UpdateStatistics& s) {
  const hn::ScalableTag<double> d;
  const auto one = hn::Set(d, 1.0);
  auto sum = hn::Zero(d), squares = sum, maximum = sum, zeros = sum, non_finite = sum;
  ForEachExactly(d, g, count, [&](auto v) HWY_ATTR {
    const auto finite = hn::IfThenElseZero(hn::IsFinite(v), v);
    sum = hn::Add(sum, finite);
    squares = hn::MulAdd(finite, finite, squares);
    maximum = hn::Max(maximum, hn::Abs(finite));
    zeros = hn::Add(zeros, hn::IfThenElseZero(hn::Eq(v, hn::Zero(d)), one));
    non_finite = hn::Add(non_finite, hn::IfThenZeroElse(hn::IsFinite(v), one));
  });
  const std::size_t filled = hn::Lanes(d) - 1 - (count - 1) % hn::Lanes(d);
  s.gradient_sum += hn::GetLane(hn::SumOfLanes(d, sum));
  s.gradient_squares += hn::GetLane(hn::SumOfLanes(d, squares));
  s.gradient_maximum = std::max(s.gradient_maximum, hn::GetLane(hn::MaxOfLanes(d, maximum)));
  s.gradient_zeros += hn::GetLane(hn::SumOfLanes(d, zeros)) - static_cast<double>(filled);
  s.gradient_non_finite += hn::GetLane(hn::SumOfLanes(d, non_finite));
}

// `filled` lanes were added as zeros.
template <class D>
HWY_INLINE void AddSums(D d, const LaneSums<hn::Vec<D>>& lanes, const UpdateBlock& piece, const KeptPiece& kept,
                        std::size_t filled, UpdateStatistics& s) {
  const auto sum = [d](auto v) HWY_ATTR { return hn::GetLane(hn::SumOfLanes(d, v)); };
  const float squares = sum(lanes.gradient_squares);
  const float maximum = hn::GetLane(hn::MaxOfLanes(d, lanes.gradient_maximum));
  // All zeros are ordinary too: units that are dead for the whole batch.
  const bool all_zero = maximum == 0.0f && squares < 1e-30f;
  if (IsOrdinary(squares) || all_zero) {
    s.gradient_sum += static_cast<double>(sum(lanes.gradient));
    s.gradient_squares += all_zero ? 0.0 : static_cast<double>(squares);
    s.gradient_maximum = std::max(s.gradient_maximum, static_cast<double>(maximum));
    s.gradient_zeros += static_cast<double>(sum(lanes.gradient_zeros)) - static_cast<double>(filled);
  } else {
    AddGradientExactly(piece.gradient, piece.count, s);
  }
  const float weights = sum(lanes.weight_squares);
  s.weight_squares += IsOrdinary(weights) ? static_cast<double>(weights) : ExactSquares(kept.weights, piece.count);
  const float changes = sum(lanes.change_squares);
  s.update_squares += IsOrdinary(changes) ? static_cast<double>(changes) : ExactSquares(kept.changes, piece.count);
}

// The momentum of a dead unit's weights shrinks by the same factor step after step until it is a subnormal number, with
// which processors calculate a hundred times slower. From here on it is zero.
template <class D, class V>
HWY_INLINE V FlushTiny(D d, V slot) {
  return hn::IfThenZeroElse(hn::Lt(hn::Abs(slot), hn::Set(d, 1e-37f)), slot);
}

// Without clipping and decay, which most updates are, a third of the arithmetic falls away.
inline bool IsPlain(const UpdateBlock& block) {
  return block.gradient_scale == 1.0f && block.decay == 0.0f && std::isinf(block.clip_value);
}

template <class Rule, bool kStatistics, bool kPlain>
HWY_INLINE void UpdatePiece(const UpdateBlock& piece, KeptPiece* kept) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d);
  float coefficients[kUpdateCoefficients];  // a copy: the stores below cannot change it
  std::copy_n(piece.coefficients, kUpdateCoefficients, coefficients);
  const V scale = hn::Set(d, piece.gradient_scale);
  const V limit = hn::Set(d, piece.clip_value);
  const V decay = hn::Set(d, piece.decay);
  // Two sets of sums that take turns: a sum waits for the addition before it, and one chain would be the bottleneck.
  LaneSums<V> sums(d);
  LaneSums<V> others(d);

  const auto change_of = [&](V w, V raw, V* slots, LaneSums<V>& to) HWY_ATTR {
    V change;
    if constexpr (kPlain) {
      change = Rule::Change(d, w, raw, slots, coefficients);
    } else {
      V g = hn::Mul(raw, scale);
      g = hn::IfThenElse(hn::Gt(g, limit), limit, g);  // comparisons, not Min and Max: NaN must stay
      g = hn::IfThenElse(hn::Lt(g, hn::Neg(limit)), hn::Neg(limit), g);
      const V decayed = hn::NegMulAdd(w, decay, w);
      change = hn::NegMulAdd(w, decay, Rule::Change(d, decayed, g, slots, coefficients));
    }
    for (std::size_t s = 0; s < Rule::kSlots; ++s) slots[s] = FlushTiny(d, slots[s]);
    if (kStatistics) to.Add(d, w, raw, change);
    return change;
  };
  const auto keep = [&](V w, V change, std::size_t at) HWY_ATTR {
    if (!kStatistics) return;
    hn::Store(w, d, kept->weights + at);
    hn::Store(change, d, kept->changes + at);
  };
  const auto whole_vector = [&](std::size_t at, LaneSums<V>& to) HWY_ATTR {
    V slots[Rule::kSlots + 1];
    for (std::size_t s = 0; s < Rule::kSlots; ++s) slots[s] = hn::LoadU(d, piece.slots[s] + at);
    const V w = hn::LoadU(d, piece.weights + at);
    const V change = change_of(w, hn::LoadU(d, piece.gradient + at), slots, to);
    keep(w, change, at);
    hn::StoreU(hn::Add(w, change), d, piece.weights + at);
    for (std::size_t s = 0; s < Rule::kSlots; ++s) hn::StoreU(slots[s], d, piece.slots[s] + at);
  };
  std::size_t i = 0;
  for (; i + 2 * lanes <= piece.count; i += 2 * lanes) {
    whole_vector(i, sums);
    whole_vector(i + lanes, others);
  }
  for (; i + lanes <= piece.count; i += lanes) whole_vector(i, sums);
  const std::size_t rest = piece.count - i;
  if (rest > 0) {
    V slots[Rule::kSlots + 1];
    for (std::size_t s = 0; s < Rule::kSlots; ++s) slots[s] = LoadPart(d, piece.slots[s] + i, rest);
    const V w = LoadPart(d, piece.weights + i, rest);
    const V change = change_of(w, LoadPart(d, piece.gradient + i, rest), slots, sums);
    keep(w, change, i);
    StorePart(hn::Add(w, change), d, piece.weights + i, rest);
    for (std::size_t s = 0; s < Rule::kSlots; ++s) StorePart(slots[s], d, piece.slots[s] + i, rest);
  }
  if (!kStatistics) return;
  sums.Merge(others);
  AddSums(d, sums, piece, *kept, rest > 0 ? lanes - rest : 0, *piece.statistics);
}

template <class Rule, bool kPlain>
void UpdateWhole(const UpdateBlock& block) {
  if (block.statistics == nullptr) return UpdatePiece<Rule, false, kPlain>(block, nullptr);
  KeptPiece kept;
  for (std::size_t begin = 0; begin < block.count; begin += kUpdatePiece) {
    UpdateBlock piece = block;
    piece.count = std::min(kUpdatePiece, block.count - begin);
    piece.weights += begin;
    piece.gradient += begin;
    for (std::size_t s = 0; s < Rule::kSlots; ++s) piece.slots[s] += begin;
    UpdatePiece<Rule, true, kPlain>(piece, &kept);
  }
}

template <class Rule>
void Update(const UpdateBlock& block) {
  if (IsPlain(block)) return UpdateWhole<Rule, true>(block);
  UpdateWhole<Rule, false>(block);
}

using UpdateKernel = decltype(UpdateRule::update);

template <class... Rules>
UpdateKernel Choose(std::size_t variant) {
  constexpr UpdateKernel kKernels[] = {Update<Rules>...};
  return kKernels[variant];
}

}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#endif  // EVENFLOW_MODEL_OPTIMIZERS_UPDATE_INL_H_
