// The proof of a search: whole comparisons over fresh seeds, and what follows from them.
#include <algorithm>
#include <map>
#include <mutex>

#include "evenflow/base/text.h"
#include "evenflow/cure/search.h"
#include "evenflow/cure/statistics.h"

namespace evenflow {
namespace {

constexpr std::uint64_t kProofSeeds = 1000;  // after the recipe's seed: none of them has been used in the screening

}  // namespace

void Search::prove(std::vector<std::size_t> finalists) {
  finalists.insert(finalists.begin(), 0);
  const double trainings = static_cast<double>(finalists.size()) * options_.seeds;
  const auto steps = static_cast<std::int64_t>(std::clamp(steps_left() / trainings, static_cast<double>(kLeastSteps),
                                                          static_cast<double>(outcome_.steps_of_one)));
  tell(fmt::format("proof: {} candidates and the original, {} seeds, {} steps each", finalists.size() - 1,
                   options_.seeds, steps));
  std::vector<std::function<void()>> jobs;
  std::mutex mutex;
  std::map<std::size_t, std::pair<double, std::optional<SavedModel>>> networks;
  // Seed by seed, so that what is there when time is over can be compared.
  for (int seed = 0; seed < options_.seeds; ++seed) {
    for (const std::size_t index : finalists) {
      jobs.push_back([&, seed, index] {
        if (until_.reached()) return;
        Entry& entry = entries_[index];
        Trial trial(entry.attempt.recipe, trial_data_, measure_,
                    recipe_.seed + kProofSeeds + static_cast<std::uint64_t>(seed));
        trial.train_to(steps, until_);
        const TrialResult result = trial.result();
        const std::lock_guard lock(mutex);
        outcome_.steps += result.steps;
        if (result.finite && result.steps < steps) return;  // cut short: no comparison
        entry.attempt.candidate.proof.push_back(result);
        auto& [score, network] = networks[index];
        if (!network || result.score > score) {
          score = result.score;
          network = trial.saved();
        }
      });
    }
  }
  run_side_by_side(jobs);
  for (const std::size_t index : finalists) {
    auto& proof = entries_[index].attempt.candidate.proof;
    std::sort(proof.begin(), proof.end(), [](const TrialResult& a, const TrialResult& b) { return a.seed < b.seed; });
  }
  finalists.erase(finalists.begin());
  judge(finalists);
  if (outcome_.winner && networks.contains(*outcome_.winner)) {
    best_network_ = std::move(networks[*outcome_.winner].second);
    best_network_->model = entries_[*outcome_.winner].attempt.recipe.model;  // with its own metrics
  }
}

namespace {

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

bool Search::clearly_better(std::size_t entry) const {
  const auto& gain = entries_[entry].attempt.candidate.gain;
  const double score = interval(proof_scores(entry)).mean;
  return gain && gain->low > 0 && gain->mean > measure_.margin && learned(score);
}

bool Search::clearly_worse(std::size_t entry, std::size_t than) const {
  const auto [a, b] = pairs_of(entries_[entry].attempt.candidate, entries_[than].attempt.candidate);
  const Interval difference = paired_interval(a, b);
  return difference.high < 0 && difference.mean < -measure_.margin;
}

void Search::judge(const std::vector<std::size_t>& finalists) {
  std::optional<std::size_t> best;
  for (const std::size_t index : finalists) {
    Candidate& candidate = entries_[index].attempt.candidate;
    const auto [changed, original] = pairs_of(candidate, entries_[0].attempt.candidate);
    if (changed.size() < 2) continue;
    candidate.gain = paired_interval(changed, original);
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
    const bool smaller = candidate.cost < current.cost ||
                         (candidate.cost == current.cost && candidate.remedies.size() < current.remedies.size());
    if (smaller && clearly_better(index) && !clearly_worse(index, *best)) winner = index;
  }
  entries_[winner].attempt.candidate.fate =
      winner == *best ? "chosen: the best" : "chosen: the smallest change that is not clearly worse than the best";
  outcome_.winner = winner;
}

std::vector<double> Search::proof_scores(std::size_t entry) const {
  std::vector<double> scores;
  for (const TrialResult& trial : entries_[entry].attempt.candidate.proof) scores.push_back(trial.score);
  return scores;
}

bool Search::trains_as_it_is() {
  tell("no symptoms: training the original as it is");
  allowance_ *= 0.5;
  prove({});
  const std::vector<double> scores = proof_scores(0);
  const Interval score = interval(scores);
  return scores.size() >= 2 && learned(score.low);
}

CureResult Search::result() {
  using Verdict = Outcome::Verdict;
  const std::vector<double> scores = proof_scores(0);
  const Interval original = interval(scores);
  const bool learns = scores.size() >= 2 && learned(original.mean);
  if (outcome_.winner) {
    const Entry& winner = entries_[*outcome_.winner];
    outcome_.verdict = Verdict::cured;
    outcome_.cured = winner.attempt.recipe;
    outcome_.after = winner.attempt.trace;
    outcome_.findings_after = winner.attempt.findings;
    outcome_.reason = join(winner.attempt.candidate.changes, "; ");
  } else if (options_.plan_only) {
    outcome_.verdict = Verdict::planned;
    outcome_.reason = "nothing was trained";
  } else if (scores.size() < 2) {
    outcome_.verdict = Verdict::interrupted;
    outcome_.reason = interrupted() ? "interrupted before the proof"
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
