// The screening of a search: short trainings with one seed, the worse half of them ended again and again.
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/cure/rates.h"
#include "evenflow/cure/search.h"

namespace evenflow {
namespace {

constexpr double kShare = 0.4;                // of the steps that are meant to do; the rest is for the proof
constexpr std::int64_t kLeastScreening = 30;  // steps of the first rung: fewer tell nothing

}  // namespace

// Is a's result better? By what they have learned; as long as neither has learned anything, scores are chance, and the
// loss that falls shows which one is on its way.
int Search::compare(std::size_t a, std::size_t b) const {
  const TrialResult& one = entries_[a].attempt.candidate.screening.back();
  const TrialResult& other = entries_[b].attempt.candidate.screening.back();
  if (one.finite != other.finite) return one.finite ? 1 : -1;
  if (learned(one.score) || learned(other.score)) {
    return one.score > other.score ? 1 : one.score < other.score ? -1 : 0;
  }
  const bool same_loss =
      entries_[a].attempt.recipe.model.compile->loss == entries_[b].attempt.recipe.model.compile->loss;
  return !same_loss ? 0 : one.loss < other.loss ? 1 : one.loss > other.loss ? -1 : 0;
}

bool Search::about_equal(std::size_t a, std::size_t b) const {
  constexpr double kSameLoss = 0.02;
  const TrialResult& one = entries_[a].attempt.candidate.screening.back();
  const TrialResult& other = entries_[b].attempt.candidate.screening.back();
  if (one.finite != other.finite) return false;
  if (learned(one.score) || learned(other.score)) return std::abs(one.score - other.score) <= measure_.margin;
  return std::abs(one.loss - other.loss) <= kSameLoss * std::max(std::abs(one.loss), std::abs(other.loss));
}

// The best in front; neighbours that are about equal go by whether their loss bursts, by what the
// probe says of them and by the size of the change.
void Search::rank(std::vector<std::size_t>& alive) const {
  const auto swap_down = [&](const auto& before) {
    for (std::size_t i = 1; i < alive.size(); ++i) {
      for (std::size_t j = i; j > 0 && before(alive[j], alive[j - 1]); --j) std::swap(alive[j], alive[j - 1]);
    }
  };
  swap_down([&](std::size_t a, std::size_t b) { return compare(a, b) > 0; });
  swap_down([&](std::size_t a, std::size_t b) {
    if (!about_equal(a, b)) return false;
    if (burst(a) != burst(b)) return burst(b);
    return entries_[a].attempt.penalty < entries_[b].attempt.penalty;
  });
}

// Trains every entry of `alive` to that many steps and puts the best in front.
void Search::advance(std::vector<std::size_t>& alive, std::int64_t steps) {
  std::vector<Job> jobs;
  for (const std::size_t index : alive) jobs.push_back({index, recipe_.seed, &entries_[index].screening});
  train(jobs, steps);
  for (const Job& job : jobs) entries_[job.entry].attempt.candidate.screening.push_back(job.run->result);
  rank(alive);
}

// Ends the worst. The cheapest of those that have learned stays: the smallest change is what is looked for.
void Search::cut(std::vector<std::size_t>& alive, std::size_t left, std::int64_t steps) {
  if (left >= alive.size()) return;
  const auto cheaper = [&](std::size_t a, std::size_t b) {
    const auto cost = [&](std::size_t i) {
      const bool eligible = i != 0 && entries_[i].finite() && learned(entries_[i].score());
      return eligible ? entries_[i].attempt.candidate.cost : 1000;
    };
    return cost(a) < cost(b);
  };
  const auto cheapest = std::min_element(alive.begin(), alive.end(), cheaper);
  if (cheapest - alive.begin() >= static_cast<std::ptrdiff_t>(left)) {
    std::rotate(alive.begin() + static_cast<std::ptrdiff_t>(left) - 1, cheapest, cheapest + 1);
  }
  const auto mender = std::find_if(alive.begin(), alive.end(), [&](std::size_t i) { return treats_output(i); });
  if (mender - alive.begin() >= static_cast<std::ptrdiff_t>(left) && mender != alive.end()) {
    std::rotate(alive.begin() + static_cast<std::ptrdiff_t>(left) - 1, mender, mender + 1);
  }
  for (std::size_t i = left; i < alive.size(); ++i) {
    if (alive[i] != 0) entries_[alive[i]].attempt.candidate.fate = fmt::format("eliminated after {} steps", steps);
  }
  alive.resize(left);
}

bool Search::allowed(RemedyKind kind) const {
  return options_.only.empty() || std::find(options_.only.begin(), options_.only.end(), kind) != options_.only.end();
}

bool Search::bursts(const TrialResult& trial) {
  constexpr double kBurst = 5;  // times the first loss: a step has thrown away what was learned, and more
  return !(trial.peak < kBurst);
}

bool Search::burst(std::size_t index) const {
  const Candidate& candidate = entries_[index].attempt.candidate;
  return (!candidate.screening.empty() && bursts(candidate.screening.back())) ||
         std::any_of(candidate.proof.begin(), candidate.proof.end(), bursts);
}

// The candidate with a learning rate from a sweep of its own. One whose loss bursts is at its limit already.
std::optional<Attempt> Search::with_own_rate(std::size_t index) {
  const Attempt& attempt = entries_[index].attempt;
  const auto& kinds = attempt.kinds;
  if (!allowed(RemedyKind::learning_rate)) return std::nullopt;
  if (std::find(kinds.begin(), kinds.end(), RemedyKind::learning_rate) != kinds.end()) return std::nullopt;
  Course course;
  const std::function<void()> jobs[] = {
      [&] { sweep_rates(course, attempt.recipe, trial_data_, recipe_.seed, until_); }};
  run_side_by_side(jobs);
  if (burst(index)) {
    const double rate = present_rate(attempt.recipe);
    course.unstable_rate = std::min(rate, course.unstable_rate.value_or(rate));
  }
  return combined(attempt, case_of(attempt, course), "learning_rate");
}

// Takes them up as candidates; not those that are there already.
std::vector<std::size_t> Search::enter(std::vector<Attempt> attempts) {
  std::vector<std::size_t> added;
  for (Attempt& attempt : attempts) {
    const auto same = [&](const Entry& entry) { return entry.attempt.recipe == attempt.recipe; };
    if (std::any_of(entries_.begin(), entries_.end(), same)) continue;
    added.push_back(entries_.size());
    entries_.push_back({.attempt = std::move(attempt)});
  }
  return added;
}

// Pairs of the best remedies of different kinds, and the best with a learning rate of its own.
void Search::combine(std::vector<std::size_t>& alive, std::int64_t steps) {
  std::vector<std::size_t> best;
  for (const std::size_t index : alive) {
    if (index != 0 && best.size() < 3) best.push_back(index);
  }
  if (best.empty()) return;
  std::vector<Attempt> pairs;
  const Attempt& first = entries_[best[0]].attempt;
  const bool has_rate = first.kinds.front() == RemedyKind::learning_rate;
  for (std::size_t i = 1; i < best.size(); ++i) {
    const Attempt& second = entries_[best[i]].attempt;
    // The original's rates say nothing about a changed network: for those there is the sweep.
    const bool rate = second.kinds.front() == RemedyKind::learning_rate && !has_rate;
    if (first.kinds.front() == second.kinds.front() || rate) continue;
    if (auto pair = combined(first, case_of(first, course_), second.candidate.remedies.front())) {
      pairs.push_back(std::move(*pair));
    }
  }
  if (auto pair = with_own_rate(best[0])) pairs.push_back(std::move(*pair));
  std::vector<std::size_t> added = enter(std::move(pairs));
  if (added.empty()) return;
  tell(fmt::format("{} combinations of two", added.size()));
  advance(added, steps);
  alive.insert(alive.end(), added.begin(), added.end());
  rank(alive);
}

// Has one learned, and more than the original?
bool Search::promising(std::span<const std::size_t> alive) const {
  return std::any_of(alive.begin(), alive.end(), [&](std::size_t index) {
    const bool better = index == 0 || entries_[index].score() > entries_[0].score() + 2 * measure_.margin;
    return entries_[index].finite() && learned(entries_[index].score()) && better;
  });
}

// Has it come most of the way from the best constant to no error?
bool Search::good(double score) const {
  constexpr double kGood = 0.8;
  constexpr double kGoodLoss = 1;  // decade
  return score > measure_.constant_score + (measure_.is_loss ? kGoodLoss : kGood * (1 - measure_.constant_score));
}

// The next to be screened. First the most hopeful at rest, at most two of a kind, with the smallest change and whatever
// mends an output that cannot fit; where they are good the others need not be trained. Then all others.
std::vector<std::size_t> Search::wave(std::vector<std::size_t>& waiting, bool first) const {
  constexpr std::size_t kFirst = 4;
  constexpr int kOfAKind = 2;
  std::vector<std::size_t> chosen;
  const auto choose = [&](std::vector<std::size_t>::iterator one) {
    chosen.push_back(*one);
    waiting.erase(one);
  };
  if (!first || waiting.size() <= kFirst) {
    chosen.swap(waiting);
    return chosen;
  }
  const auto cost = [&](std::size_t i) { return entries_[i].attempt.candidate.cost; };
  choose(std::min_element(waiting.begin(), waiting.end(),
                          [&](std::size_t a, std::size_t b) { return cost(a) < cost(b); }));
  const auto mender = std::find_if(waiting.begin(), waiting.end(), [&](std::size_t i) { return treats_output(i); });
  if (mender != waiting.end()) choose(mender);
  const auto fits = [&](std::size_t index) {
    const RemedyKind kind = entries_[index].attempt.kinds.front();
    return std::count_if(chosen.begin(), chosen.end(),
                         [&](std::size_t other) { return entries_[other].attempt.kinds.front() == kind; }) < kOfAKind;
  };
  while (chosen.size() < kFirst) {
    auto next = std::find_if(waiting.begin(), waiting.end(), fits);
    choose(next == waiting.end() ? waiting.begin() : next);
  }
  return chosen;
}

// Steps of the first rung. Rungs of 1, 3 and 9 units, of all, a half and a few of them, and three combinations at the
// second: within the time of one training where that is possible.
std::int64_t Search::first_rung(std::size_t candidates) const {
  const auto whole = static_cast<double>(outcome_.steps_of_one);
  const double meant = std::min(allowance_, workers() * whole);
  const auto count = static_cast<double>(candidates);
  const double units = count + 2 * count / 2 + 3 * 3 + 6 * (count / 4 + 2);
  const auto unit = static_cast<std::int64_t>(
      std::clamp(kShare * meant / units, static_cast<double>(kLeastSteps), std::max<double>(kLeastSteps, whole / 9)));
  return std::clamp<std::int64_t>(kLeastScreening, unit, std::max(unit, outcome_.steps_of_one / 9));
}

void Search::screen() {
  std::vector<std::size_t> waiting;
  for (std::size_t i = 1; i < entries_.size(); ++i) {
    if (entries_[i].attempt.worth_training) waiting.push_back(i);
  }
  if (waiting.empty()) return;
  const std::int64_t first = journal_.decide("first rung", first_rung(waiting.size() + 1));
  std::int64_t steps = 3 * first;
  std::vector<std::size_t> alive;
  const auto best_is_good = [&] { return !alive.empty() && good(entries_[alive.front()].score()); };
  while (!waiting.empty() && !best_is_good() && !until_.reached()) {
    std::vector<std::size_t> next = wave(waiting, alive.empty());
    if (alive.empty()) next.insert(next.begin(), 0);
    tell(fmt::format("screening {} candidates, {} steps", next.size() - (alive.empty() ? 1 : 0), first));
    advance(next, first);
    cut(next, std::max<std::size_t>(alive.empty() ? 3 : 2, (next.size() + 1) / 2), first);
    if (until_.reached()) return;
    advance(next, steps);
    alive.insert(alive.end(), next.begin(), next.end());
    rank(alive);
  }
  for (const std::size_t index : waiting) {
    entries_[index].attempt.candidate.fate = "not trained: others are good already";
  }
  const bool enough = best_is_good();
  if (!until_.reached() && (!enough || burst(alive.front()))) combine(alive, steps);
  cut(alive, 4, steps);
  // On until one has learned: at most to the end of one training, with half of what is left.
  while (!enough && !until_.reached() && steps < outcome_.steps_of_one && (steps < 9 * first || !promising(alive))) {
    const auto affordable = static_cast<std::int64_t>(0.5 * steps_left() / static_cast<double>(alive.size()));
    const std::int64_t next = journal_.decide(fmt::format("screening after {} steps", steps),
                                              std::min({3 * steps, outcome_.steps_of_one, steps + affordable}));
    if (next < steps + kLeastSteps) break;
    steps = next;
    tell(fmt::format("screening {} candidates, {} steps", alive.size() - 1, steps));
    advance(alive, steps);
    if (steps > 9 * first) cut(alive, 3, steps);
  }
  for (const std::size_t index : alive) {
    if (index != 0) entries_[index].attempt.candidate.fate = fmt::format("screened to {} steps", steps);
  }
}

// Sets of finalists, the most hopeful first: what looked best with one seed may fail with others.
std::vector<std::vector<std::size_t>> Search::finalists() const {
  std::vector<std::size_t> order;
  for (std::size_t i = 1; i < entries_.size(); ++i) {
    const auto& screening = entries_[i].attempt.candidate.screening;
    if (!screening.empty() && screening.back().finite) order.push_back(i);
  }
  if (order.empty()) return {};
  // Those that came farthest, by score; of those that look the same the smaller change.
  const auto steps = [&](std::size_t i) { return entries_[i].attempt.candidate.screening.back().steps; };
  const auto cost = [&](std::size_t i) { return entries_[i].attempt.candidate.cost; };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return steps(a) != steps(b) ? steps(a) > steps(b) : entries_[a].score() > entries_[b].score();
  });
  const std::size_t best = order.front();
  const double best_score = entries_[best].score();
  const std::int64_t longest = steps(order.front());
  for (std::size_t i = 1; i < order.size() && steps(order[i]) == longest; ++i) {
    const bool same = entries_[order[i]].score() >= best_score - measure_.margin;
    if (same && cost(order[i]) < cost(order.front())) std::swap(order[i], order.front());
  }
  // Beside the best: the smallest of those that have learned something, and what mends an output that cannot fit.
  constexpr double kSomething = 0.3;
  const double enough = measure_.constant_score + kSomething * (best_score - measure_.constant_score);
  std::size_t smallest = order.front();
  std::vector<std::size_t> first = {order.front()};
  for (const std::size_t index : order) {
    if (entries_[index].score() >= enough && cost(index) < cost(smallest)) smallest = index;
    const bool mends = treats_output(index) && index != order.front();
    if (mends && first.size() < 2) first.push_back(index);
  }
  if (std::find(first.begin(), first.end(), best) == first.end()) first.push_back(best);
  if (std::find(first.begin(), first.end(), smallest) == first.end()) first.push_back(smallest);
  std::vector<std::vector<std::size_t>> sets = {first};
  for (const std::size_t index : order) {
    if (std::find(first.begin(), first.end(), index) != first.end()) continue;
    if (sets.size() == 1 || sets.back().size() == 2) sets.emplace_back();
    sets.back().push_back(index);
  }
  return sets;
}

bool Search::treats_output(std::size_t index) const {
  const bool symptom =
      std::any_of(symptoms_.begin(), symptoms_.end(), [](const Symptom& one) { return one.word == "output"; });
  return symptom && entries_[index].attempt.kinds == std::vector{RemedyKind::loss};
}

}  // namespace evenflow
