// What a search has learned so far, in a file beside its result: a search that was interrupted goes on from it.
// Trainings repeat themselves to the last bit, so their figures are enough.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "evenflow/base/files.h"
#include "evenflow/cure.h"

namespace evenflow {

Json to_json(const TrialResult& trial);
TrialResult trial_result_from_json(const Json& json);

class Journal {
 public:
  Journal() = default;  // keeps nothing
  // Reads what a search of the same recipe, data and choices has left at `path`; what another left is forgotten.
  Journal(Path path, const Recipe& recipe, const Dataset& data, const CureOptions& options);

  bool continues() const { return continues_; }
  std::optional<double> seconds_per_step() const;
  void set_seconds_per_step(double seconds);
  // Of a training that ended at `steps`, or broke down before.
  std::optional<TrialResult> find(const Candidate& candidate, std::uint64_t seed, std::int64_t steps) const;
  void add(const Candidate& candidate, std::uint64_t seed, std::int64_t steps, const TrialResult& result);
  // A choice that depends on how much time is left: what an earlier run has chosen, else `value`. What it has trained
  // is of use only as far as the trainings go in the same pieces.
  std::int64_t decide(const std::string& question, std::int64_t value);
  void write() const;   // throws Error(io)
  void remove() const;  // when there is nothing left to go on with

 private:
  Path path_;
  Json content_;
  bool continues_ = false;
};

}  // namespace evenflow
