// The search for a cure, stage by stage. Its numbers are in the Outcome that it fills in.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "evenflow/cure/candidates.h"
#include "evenflow/cure/course.h"
#include "evenflow/cure/journal.h"
#include "evenflow/cure/statistics.h"
#include "evenflow/cure/trial.h"

namespace evenflow {

inline constexpr std::int64_t kLeastSteps = 10;  // of a piece of training

class Search {
 public:
  Search(const Recipe& recipe, const Dataset& data, const CureOptions& options);
  CureResult run();

 private:
  // A training in pieces: `steps` are the ends of those that it has gone through or whose figures the journal had.
  struct Run {
    std::unique_ptr<Trial> trial;  // absent as long as the journal has the figures
    std::vector<std::int64_t> steps;
    TrialResult result;
  };
  // A candidate on its way; entry 0 is the original.
  struct Entry {
    Attempt attempt;
    Run screening;
    std::map<std::uint64_t, Run> proof;  // by seed
    double score() const { return attempt.candidate.screening.back().score; }
    bool finite() const { return attempt.candidate.screening.back().finite; }
  };
  struct Job {
    std::size_t entry;
    std::uint64_t seed;
    Run* run;
  };

  void look();             // probe, first steps, sweep, symptoms
  void set_allowance();    // from the options and the time of a step
  void plan();             // entries_
  bool trains_as_it_is();  // for an original without symptoms

  // Goes on to that many steps, side by side. What the journal has is not trained again; what is trained is charged and
  // noted. False when not all of them came that far.
  bool train(std::span<const Job> jobs, std::int64_t steps);

  void screen();  // successive halving over single remedies, then combinations
  void advance(std::vector<std::size_t>& alive, std::int64_t steps);
  void combine(std::vector<std::size_t>& alive, std::int64_t steps);
  void charge(std::int64_t steps, double seconds);
  void cut(std::vector<std::size_t>& alive, std::size_t left, std::int64_t steps);
  int compare(std::size_t a, std::size_t b) const;
  bool about_equal(std::size_t a, std::size_t b) const;
  void rank(std::vector<std::size_t>& alive) const;
  bool promising(std::span<const std::size_t> alive) const;
  bool good(double score) const;
  static bool bursts(const TrialResult& trial);
  bool burst(std::size_t index) const;  // in any training so far
  bool allowed(RemedyKind kind) const;
  std::int64_t first_rung(std::size_t candidates) const;
  std::vector<std::size_t> wave(std::vector<std::size_t>& waiting, bool first) const;
  std::optional<Attempt> with_own_rate(std::size_t index);
  std::vector<std::size_t> enter(std::vector<Attempt> attempts);
  bool treats_output(std::size_t index) const;
  std::vector<std::vector<std::size_t>> finalists() const;

  // The original and these over fresh seeds, in growing pieces until it is decided.
  // `others`: there are further sets to go on with.
  void prove(const std::vector<std::size_t>& finalists, bool others);
  std::int64_t contest(std::vector<std::size_t> finalists, bool others);
  std::int64_t decide(std::span<const std::size_t> finalists, std::int64_t after, std::int64_t steps);
  std::optional<std::size_t> steadied(std::size_t winner);
  void drop_hopeless(std::vector<std::size_t>& finalists);
  bool train_proof(std::span<const std::size_t> entries, int seeds, std::int64_t steps);
  bool decided(std::span<const std::size_t> finalists, int seeds, std::int64_t steps) const;
  bool mends_output(std::span<const std::size_t> finalists) const;
  bool lasts(std::size_t winner, std::int64_t steps);
  void keep_best_network();
  void judge(std::span<const std::size_t> finalists, Confidence confidence);
  bool clearly_better(std::size_t entry) const;
  bool mends_error(std::size_t entry) const;
  bool clearly_worse(std::size_t entry, std::size_t than) const;
  bool original_fails() const;
  CureResult result();

  void tell(const std::string& line) const;
  Case case_of(const Attempt& attempt, const Course& course) const;
  // Steps that may still be spent: by the allowance and, with a deadline, at the speed so far.
  double steps_left() const;
  double workers() const;
  bool learned(double score) const { return score > measure_.constant_score + 2 * measure_.margin; }
  bool interrupted() const { return options_.stop != nullptr && options_.stop->load(); }
  std::vector<double> proof_scores(std::size_t entry) const;

  const Recipe& recipe_;
  const Dataset& data_;
  const CureOptions& options_;
  TrialData trial_data_;
  Measure measure_;
  Until until_;
  Course course_;
  Journal journal_;
  std::int64_t steps_per_epoch_ = 1;
  std::int64_t proved_steps_ = 0;  // of each training of the proof so far
  double allowance_ = 0;           // steps of the original that are left to spend
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool looked_ = false;
  std::vector<Symptom> symptoms_;
  std::vector<Entry> entries_;
  std::optional<SavedModel> best_network_;
  Outcome outcome_;
};

}  // namespace evenflow
