// The search for a cure, stage by stage. Its numbers are in the Outcome that it fills in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evenflow/cure/candidates.h"
#include "evenflow/cure/course.h"
#include "evenflow/cure/trial.h"

namespace evenflow {

inline constexpr std::int64_t kLeastSteps = 10;  // of a piece of training

class Search {
 public:
  Search(const Recipe& recipe, const Dataset& data, const CureOptions& options);
  CureResult run();

 private:
  // A candidate on its way through the screening; entry 0 is the original.
  struct Entry {
    Attempt attempt;
    std::unique_ptr<Trial> trial;
    double score() const { return attempt.candidate.screening.back().score; }
    bool finite() const { return attempt.candidate.screening.back().finite; }
  };

  void look();             // probe, first steps, sweep, symptoms
  void plan();             // entries_
  bool trains_as_it_is();  // for an original without symptoms
  void screen();           // successive halving over single remedies, then combinations
  void advance(std::vector<std::size_t>& alive, std::int64_t steps);
  void combine(std::vector<std::size_t>& alive, std::int64_t steps);
  std::vector<std::size_t> finalists() const;
  void prove(std::vector<std::size_t> finalists);  // the original and these over fresh seeds
  void judge(const std::vector<std::size_t>& finalists);
  bool clearly_better(std::size_t entry) const;
  bool clearly_worse(std::size_t entry, std::size_t than) const;
  CureResult result();
  void tell(const std::string& line) const;
  Case case_of(const Attempt& attempt, const Course& course) const;
  // Steps that may still be spent: by the allowance and, with a deadline, at the speed so far.
  double steps_left() const;
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
  std::int64_t steps_per_epoch_ = 1;
  double allowance_ = 0;  // steps that are left to spend
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::vector<Symptom> symptoms_;
  std::vector<Entry> entries_;
  std::optional<SavedModel> best_network_;
  Outcome outcome_;
};

}  // namespace evenflow
