// The proof of a search: whole comparisons over fresh seeds, and what follows from them.
#include <algorithm>

#include "evenflow/base/text.h"
#include "evenflow/cure/search.h"
#include "evenflow/cure/statistics.h"

namespace evenflow {
namespace {

constexpr std::uint64_t kProofSeeds = 1000;  // after the recipe's seed: none of them has been used in the screening

// Scores of the seeds that both have.
std::pair<std::vector<double>, std::vector<double>> pairs_of(const Candidate& a, const Candidate& b) {
  std::pair<std::vector<double>, std::vector<double>> result;
  for (const TrialResult& one : a.proof) {
    for (const TrialResult& other : b.proof) {
      if (one.seed != other.seed) continue;
      result.first.push_back(one.score);
      result.second.push_back(other.score);
    }
  }
  return result;
}

}  // namespace

// All of them with that many seeds, to that many steps. What is cut short in the first piece leaves the seeds that all
// have; later pieces count as a whole.
bool Search::train_proof(std::span<const std::size_t> entries, int seeds, std::int64_t steps) {
  std::vector<Job> jobs;
  // Seed by seed, so that what is there when time is over can be compared.
  for (int i = 0; i < seeds; ++i) {
    const std::uint64_t seed = recipe_.seed + kProofSeeds + static_cast<std::uint64_t>(i);
    for (const std::size_t index : entries) jobs.push_back({index, seed, &entries_[index].proof[seed]});
  }
  const bool complete = train(jobs, steps);
  const bool first = entries_[entries.front()].attempt.candidate.proof.empty();
  if (!complete && !first) return false;
  for (const std::size_t index : entries) entries_[index].attempt.candidate.proof.clear();
  for (const Job& job : jobs) {
    const TrialResult& result = job.run->result;
    const bool there = result.steps >= steps || (result.steps > 0 && !result.finite);
    if (there) entries_[job.entry].attempt.candidate.proof.push_back(result);
  }
  return complete;
}

// Returns the steps of each training.
std::int64_t Search::contest(std::vector<std::size_t> finalists, bool others) {
  constexpr int kFewSeeds = 3;              // enough where the difference is plain
  constexpr int kMostSeeds = 4;             // times the wanted ones, where some seeds fail and others do not
  constexpr std::int64_t kFirstPiece = 20;  // of a training
  const std::int64_t whole = outcome_.steps_of_one;
  const auto cost = [&](int seeds, std::int64_t steps) {
    return static_cast<double>(finalists.size() + 1) * seeds * static_cast<double>(steps);
  };
  // As long as the screening that chose them, or a part of a training; no shorter than what an earlier set has shown.
  std::int64_t steps = std::max({kLeastSteps, whole / kFirstPiece, proved_steps_});
  for (const std::size_t index : finalists) {
    const auto& screening = entries_[index].attempt.candidate.screening;
    if (!screening.empty()) steps = std::max(steps, screening.back().steps);
  }
  int seeds = std::min(kFewSeeds, options_.seeds);
  const auto affordable = static_cast<std::int64_t>(steps_left() / cost(options_.seeds, 1));
  steps = std::max(proved_steps_, std::min({steps, whole, std::max(kLeastSteps, affordable)}));
  steps = decide(finalists, 0, steps);
  if (proved_steps_ > 0 && cost(seeds, steps) > steps_left()) return proved_steps_;
  while (true) {
    tell(fmt::format("proof: the original{}, {} seeds, {} steps each",
                     finalists.empty() ? "" : fmt::format(" and {} changed", finalists.size()), seeds, steps));
    std::vector<std::size_t> entries = finalists;
    entries.insert(entries.begin(), 0);
    const bool complete = train_proof(entries, seeds, steps);
    if (complete) proved_steps_ = steps;
    judge(finalists, Confidence::percent99);
    drop_hopeless(finalists);
    if (!complete || decided(finalists, seeds, steps)) break;
    // Not plain with all seeds, as when some of them fail: others may be better, and cost less than longer trainings.
    if (others && !outcome_.winner && seeds >= options_.seeds && original_fails() && !mends_output(finalists)) break;
    // First more seeds, up to the wanted ones; then longer trainings, which go on and so cost the difference; then
    // seeds.
    const double spent = cost(seeds, steps);
    const bool by_chance = mends_output(finalists) && seeds < 2 * kMostSeeds * options_.seeds;
    if (seeds < options_.seeds) {
      seeds = options_.seeds;
    } else if (by_chance && cost(seeds + options_.seeds, steps) - spent <= steps_left()) {
      seeds += options_.seeds;
    } else if (steps < whole) {
      const auto more = static_cast<std::int64_t>(steps_left() / cost(seeds, 1));
      const std::int64_t next = decide(finalists, steps, std::min({2 * steps, whole, steps + more}));
      if (next < steps + steps / 4) break;
      steps = next;
    } else {
      if (seeds >= kMostSeeds * options_.seeds || cost(seeds + options_.seeds, steps) - spent > steps_left()) break;
      seeds += options_.seeds;
    }
  }
  judge(finalists, Confidence::percent95);
  return steps;
}

// How many steps follow: an interrupted search goes on in the pieces that it began with.
std::int64_t Search::decide(std::span<const std::size_t> finalists, std::int64_t after, std::int64_t steps) {
  std::vector<std::string> names;
  for (const std::size_t index : finalists) names.push_back(join(entries_[index].attempt.candidate.remedies, "+"));
  return journal_.decide(fmt::format("proof of {} after {} steps", join(names), after), steps);
}

// A winner whose loss bursts may yet fail with another seed: is it as good with a lower rate?
std::optional<std::size_t> Search::steadied(std::size_t winner) {
  auto attempt = with_own_rate(winner);
  if (!attempt) return std::nullopt;
  tell("its loss bursts: the same with a lower learning rate");
  const auto known = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.attempt.recipe == attempt->recipe; });
  if (known != entries_.end()) return static_cast<std::size_t>(known - entries_.begin());
  std::vector<Attempt> one;
  one.push_back(std::move(*attempt));
  return enter(std::move(one)).front();
}

void Search::prove(const std::vector<std::size_t>& finalists, bool others) {
  std::int64_t steps = contest(finalists, others);
  if (outcome_.winner && burst(*outcome_.winner)) {
    if (const auto steady = steadied(*outcome_.winner)) steps = contest({*outcome_.winner, *steady}, false);
  }
  const std::int64_t whole = outcome_.steps_of_one;
  const auto reject = [&](const char* why) {
    entries_[*outcome_.winner].attempt.candidate.fate = why;
    outcome_.winner.reset();
  };
  if (outcome_.winner && !original_fails() && 2 * steps < whole) {
    reject("faster at first; whether it is better in the end would take a larger budget to say");
  }
  if (outcome_.winner && !lasts(*outcome_.winner, steps)) reject("better at first, but it does not last");
  if (outcome_.winner) keep_best_network();
}

// What is decided early must last: one seed goes on to half of a training, as far as the budget allows.
bool Search::lasts(std::size_t winner, std::int64_t steps) {
  Entry& entry = entries_[winner];
  const double score = interval(proof_scores(winner)).mean;
  const auto affordable = static_cast<std::int64_t>(steps_left());
  const std::int64_t end = std::min(outcome_.steps_of_one / 2, steps + affordable);
  if (end < steps + steps / 4) return true;
  tell(fmt::format("does it last? {} steps", end));
  // The seed that did the worst, unless it broke down.
  const auto& proof = entry.attempt.candidate.proof;
  const auto worst = std::min_element(proof.begin(), proof.end(),
                                      [](const TrialResult& a, const TrialResult& b) { return a.score < b.score; });
  const Job job{winner, worst->seed, &entry.proof.at(worst->seed)};
  const double before = worst->score;
  if (!train(std::span(&job, 1), end)) return true;  // time is over: what was proved stays
  const TrialResult& last = job.run->result;
  const double lost = std::min(before, score) - last.score;
  return last.finite && lost <= std::max(2 * measure_.margin, 0.5 * (score - measure_.constant_score));
}

void Search::keep_best_network() {
  Entry& winner = entries_[*outcome_.winner];
  const auto better = [](const auto& a, const auto& b) { return a.second.result.score < b.second.result.score; };
  auto& [seed, run] = *std::max_element(winner.proof.begin(), winner.proof.end(), better);
  if (!run.trial) {  // its figures came from the journal
    run.trial = std::make_unique<Trial>(winner.attempt.recipe, trial_data_, measure_, seed);
    for (const std::int64_t piece : run.steps) run.trial->train_to(piece, until_);
  }
  best_network_ = run.trial->saved();
  best_network_->model = winner.attempt.recipe.model;  // with its own metrics
}

// Only the best and what is smaller and not clearly worse go on to longer pieces.
void Search::drop_hopeless(std::vector<std::size_t>& finalists) {
  if (finalists.size() < 2) return;
  const auto score = [&](std::size_t index) { return interval(proof_scores(index)).mean; };
  const std::size_t best = *std::max_element(finalists.begin(), finalists.end(),
                                             [&](std::size_t a, std::size_t b) { return score(a) < score(b); });
  std::erase_if(finalists, [&](std::size_t index) {
    if (index == best) return false;
    const Candidate& candidate = entries_[index].attempt.candidate;
    const bool smaller = candidate.cost < entries_[best].attempt.candidate.cost || (burst(best) && !burst(index));
    const bool hopeless = clearly_worse(index, best) || (!smaller && score(index) < score(best) - measure_.margin);
    if (hopeless)
      entries_[index].attempt.candidate.fate = fmt::format("worse than another after {} steps", proved_steps_);
    return hopeless;
  });
}

// It has learned nothing, or much less than others while its gradients are known to be sick.
bool Search::original_fails() const {
  const std::vector<double> scores = proof_scores(0);
  const double score = interval(scores).mean;
  if (!learned(score)) return true;
  constexpr double kMuchLess = 0.7;
  double best = score;
  for (const Entry& entry : entries_) {
    const Candidate& candidate = entry.attempt.candidate;
    if (candidate.gain) {
      best = std::max(best, score + candidate.gain->mean);
    } else if (!candidate.screening.empty()) {
      best = std::max(best, candidate.screening.back().score);
    }
  }
  if (outcome_.winner && treats_output(*outcome_.winner)) return true;  // where it trains it was lucky
  const bool behind = score - measure_.constant_score < kMuchLess * (best - measure_.constant_score);
  return behind && !entries_[0].attempt.candidate.findings.empty();
}

bool Search::mends_output(std::span<const std::size_t> finalists) const {
  return std::any_of(finalists.begin(), finalists.end(), [&](std::size_t index) { return treats_output(index); });
}

// A network that trains is changed only for something that is better at the end of its training.
bool Search::decided(std::span<const std::size_t> finalists, int seeds, std::int64_t steps) const {
  const bool whole = steps >= outcome_.steps_of_one;
  if (outcome_.winner) return whole || original_fails();
  const std::vector<double> scores = proof_scores(0);
  if (finalists.empty()) return whole || learned(interval(scores, Confidence::percent99).low);
  if (mends_output(finalists) && seeds < 2 * options_.seeds) return false;
  const bool hopeful = std::any_of(finalists.begin(), finalists.end(), [&](std::size_t index) {
    const auto& gain = entries_[index].attempt.candidate.gain;
    return gain && gain->mean > measure_.margin;
  });
  if (!hopeful && original_fails()) return seeds >= options_.seeds;  // on with others
  const bool late = 4 * steps >= outcome_.steps_of_one;
  return !hopeful && (whole || (late && learned(interval(scores).low)));
}

bool Search::clearly_better(std::size_t entry) const {
  const auto& gain = entries_[entry].attempt.candidate.gain;
  const double score = interval(proof_scores(entry)).mean;
  if (!gain || !learned(score)) return false;
  return (gain->low > 0 && gain->mean > measure_.margin) || (mends_error(entry) && gain->low > -measure_.margin);
}

// An output that does not fit its loss is wrong even where it trains: what mends it need only be as good.
bool Search::mends_error(std::size_t entry) const {
  constexpr std::string_view kRule = "output-and-loss";
  const auto& left = entries_[entry].attempt.candidate.findings;
  return treats_output(entry) && std::find(left.begin(), left.end(), kRule) == left.end() &&
         std::any_of(outcome_.findings_before.begin(), outcome_.findings_before.end(), [&](const Finding& finding) {
           return finding.rule == kRule && finding.severity == Severity::error;
         });
}

bool Search::clearly_worse(std::size_t entry, std::size_t than) const {
  const auto [a, b] = pairs_of(entries_[entry].attempt.candidate, entries_[than].attempt.candidate);
  const Interval difference = paired_interval(a, b);
  // Before the end of a training a lead may be a matter of speed: a small part of the gain does not count.
  constexpr double kPart = 0.15;
  const auto& gain = entries_[than].attempt.candidate.gain;
  const bool early = proved_steps_ < outcome_.steps_of_one && gain;
  const double least = std::max(measure_.margin, early ? kPart * gain->mean : 0.0);
  return difference.high < 0 && difference.mean < -least;
}

void Search::judge(std::span<const std::size_t> finalists, Confidence confidence) {
  outcome_.winner.reset();
  std::optional<std::size_t> best;
  for (const std::size_t index : finalists) {
    Candidate& candidate = entries_[index].attempt.candidate;
    const auto [changed, original] = pairs_of(candidate, entries_[0].attempt.candidate);
    if (changed.size() < 2) continue;
    candidate.gain = paired_interval(changed, original, confidence);
    candidate.fate =
        clearly_better(index) ? "clearly better than the original" : "not clearly better than the original";
    if (clearly_better(index) && (!best || candidate.gain->mean > entries_[*best].attempt.candidate.gain->mean))
      best = index;
  }
  if (!best) return;
  std::size_t winner = *best;
  for (const std::size_t index : finalists) {
    const Candidate& candidate = entries_[index].attempt.candidate;
    const Candidate& current = entries_[winner].attempt.candidate;
    const bool calmer = !burst(index) && burst(winner);
    const bool smaller = candidate.cost < current.cost ||
                         (candidate.cost == current.cost && candidate.remedies.size() < current.remedies.size());
    const bool preferred = calmer || (smaller && burst(index) == burst(winner));
    if (preferred && clearly_better(index) && !clearly_worse(index, *best)) winner = index;
  }
  entries_[winner].attempt.candidate.fate = winner == *best ? "chosen: the best"
                                            : burst(*best) && !burst(winner)
                                                ? "chosen: as good as the best, and its loss does not burst"
                                                : "chosen: the smallest change that is not clearly worse than the best";
  outcome_.winner = winner;
}

std::vector<double> Search::proof_scores(std::size_t entry) const {
  std::vector<double> scores;
  for (const TrialResult& trial : entries_[entry].attempt.candidate.proof) scores.push_back(trial.score);
  return scores;
}

CureResult Search::result() {
  using Verdict = Outcome::Verdict;
  const std::vector<double> scores = proof_scores(0);
  const Interval original = interval(scores);
  const bool learns = scores.size() >= 2 && learned(original.mean) && !original_fails();
  if (outcome_.winner) {
    const Entry& winner = entries_[*outcome_.winner];
    outcome_.verdict = Verdict::cured;
    outcome_.cured = winner.attempt.recipe;
    outcome_.after = winner.attempt.trace;
    outcome_.findings_after = winner.attempt.findings;
    outcome_.reason = join(winner.attempt.candidate.changes, "; ");
  } else if (options_.plan_only && looked_) {
    outcome_.verdict = Verdict::planned;
    outcome_.reason = "nothing was trained";
  } else if (scores.size() < 2 || interrupted()) {
    outcome_.verdict = Verdict::interrupted;
    outcome_.reason = interrupted() ? looked_ ? "interrupted before the proof was complete"
                                              : "interrupted before its first steps had been seen"
                                    : "the time was over before the proof: a larger budget is needed";
  } else if (learns) {
    outcome_.verdict = Verdict::no_cure_needed;
    outcome_.reason = symptoms_.empty() ? "it trains, and nothing about its gradients is wrong"
                                        : "it trains, and nothing that was tried trains clearly better";
  } else {
    // Networks without any complaint that learn no more than a constant.
    double best = measure_.constant_score;
    bool healthy = false;
    for (const Entry& entry : entries_) {
      for (const TrialResult& trial : entry.attempt.candidate.proof) best = std::max(best, trial.score);
      healthy = healthy || (!entry.attempt.candidate.proof.empty() && entry.attempt.candidate.findings.empty());
    }
    const bool nobody = !learned(best);
    outcome_.verdict = healthy && nobody ? Verdict::data : Verdict::not_improved;
    outcome_.reason =
        healthy && nobody
            ? "networks whose gradients are sound do not learn it within these steps either: look at the data"
            : "nothing that was tried trains clearly better";
  }
  for (Entry& entry : entries_) outcome_.tried.push_back(std::move(entry.attempt.candidate));
  return {.outcome = std::move(outcome_), .trained = std::move(best_network_)};
}

}  // namespace evenflow
