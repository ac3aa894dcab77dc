// Cure: the smallest change of a recipe that makes its network train, proved by training both versions.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evenflow/data.h"
#include "evenflow/health.h"
#include "evenflow/json.h"
#include "evenflow/train.h"

namespace evenflow {

enum class RemedyKind : std::uint8_t {
  activation,
  initialization,
  normalization,
  clipping,
  residual,
  learning_rate,
  optimizer,
  architecture,
  data,
  loss,
};
inline constexpr std::array<std::string_view, 10> kRemedyKinds = {
    "activation",    "initialization", "normalization", "clipping", "residual",
    "learning_rate", "optimizer",      "architecture",  "data",     "loss"};
constexpr std::string_view to_string(RemedyKind kind) {
  return kRemedyKinds[static_cast<std::size_t>(kind)];
}

// A remedy as the catalogue shows it.
struct RemedyInfo {
  std::string id;
  RemedyKind kind = RemedyKind::activation;
  std::string summary;  // what it changes
  std::string effect;   // what it is expected to achieve, and the source
  int cost = 1;         // 1: a setting, 2: what the layers are made of, 3: new layers
  friend bool operator==(const RemedyInfo&, const RemedyInfo&) = default;
};
std::vector<RemedyInfo> remedies();

// One training of a candidate.
struct TrialResult {
  std::uint64_t seed = 0;
  std::int64_t steps = 0;
  double score = 0;    // Outcome::metric of the held-out samples; of a loss -log10: larger is better
  double loss = 0;     // mean over the last steps; NaN when training broke down
  double peak = 1;     // the largest loss of a step over the first one's
  bool finite = true;  // no loss was NaN or infinite
  double seconds = 0;  // of computing
  friend bool operator==(const TrialResult&, const TrialResult&) = default;
};

// A mean over seeds with its 95 % interval (Student's t).
struct Interval {
  double mean = 0;
  double low = 0;
  double high = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

// The original or a changed recipe, and all that is known of it.
struct Candidate {
  std::vector<std::string> remedies;  // ids in the order of application; none: the original
  std::vector<std::string> changes;   // what each did, a line each
  int cost = 0;                       // sum over the remedies
  std::optional<double> decades;      // gradient of the first over the last layer, log10, measured by a probe
  std::vector<std::string> findings;  // rules that complain about it at rest
  std::vector<TrialResult> screening;
  std::vector<TrialResult> proof;  // the same seeds and steps as the original's
  std::optional<Interval> gain;    // of the score over the original's, paired by seed, in the proof
  std::string fate;                // how far it came and why no further
  friend bool operator==(const Candidate&, const Candidate&) = default;
};

struct Refused {
  std::string remedy;
  std::string reason;
  friend bool operator==(const Refused&, const Refused&) = default;
};

struct Outcome {
  enum class Verdict : std::uint8_t {
    cured,           // a change made it train clearly better
    no_cure_needed,  // the original trains, and no change is clearly better
    not_improved,    // it does not train well, and nothing that was tried is clearly better
    data,            // networks with healthy gradients cannot learn it either
    planned,         // nothing was trained (CureOptions::plan_only)
    interrupted,     // stopped before the proof
  } verdict = Verdict::not_improved;
  std::string reason;  // a sentence or two
  Recipe original;
  Recipe cured;  // the original unless the verdict is `cured`
  std::string metric;
  bool metric_is_loss = false;  // scores are -log10 of it
  double constant_score = 0;    // of the best prediction that ignores the inputs
  Trace before;                 // of fresh draws of the weights
  Trace after;
  std::vector<Finding> findings_before;
  std::vector<Finding> findings_after;
  std::vector<std::string> symptoms;  // why these remedies were chosen: rules, and what a short training showed
  std::vector<Candidate> tried;       // the original first
  std::optional<std::size_t> winner;  // in `tried`
  std::vector<Refused> refused;       // remedies that the symptoms called for and that do not apply
  std::int64_t steps = 0;             // of training, of all candidates
  std::int64_t search_steps = 0;      // those of them that were spent before the proof
  std::int64_t steps_of_one = 0;      // of one whole training of the original
  double seconds = 0;
  double seconds_of_one = 0;  // of one whole training on one thread, estimated from its first steps
  friend bool operator==(const Outcome&, const Outcome&) = default;
};
inline constexpr std::array<std::string_view, 6> kVerdicts = {"cured", "no_cure_needed", "not_improved",
                                                              "data",  "planned",        "interrupted"};
constexpr std::string_view to_string(Outcome::Verdict verdict) {
  return kVerdicts[static_cast<std::size_t>(verdict)];
}
Json to_json(const Outcome& outcome);
Outcome outcome_from_json(const Json& json);  // throws Error(input)

struct CureOptions {
  std::vector<RemedyKind> only;   // empty: all
  std::vector<std::string> keep;  // layers that are not touched
  std::optional<double> seconds;  // wall time
  std::optional<double> epochs;   // of all trainings together; with neither: the computing of one training of the
                                  // original on all threads, but at least kLeastSeconds; easy cases take less
  int seeds = 5;                  // of the proof, at least 2
  bool plan_only = false;         // choose and rank by probes only
  std::filesystem::path journal;  // keeps what an interrupted search has learned, for the next one; "": nothing is kept
  const std::atomic<bool>* stop = nullptr;              // ends with what is known so far
  std::function<void(std::string_view)> progress = {};  // a line for each stage, on the calling thread
};
inline constexpr double kLeastSeconds = 5;

struct CureResult {
  Outcome outcome;
  std::optional<SavedModel> trained;  // the winner's best network of the proof
};

// `data` as fit_to_model gives it. Every training begins with fresh weights. Uses threads() threads, one per training.
// Throws Error(usage) for a model without compile settings, unknown layers in `keep`, and data without targets.
CureResult cure(const Recipe& recipe, const Dataset& data, const CureOptions& options = {});

}  // namespace evenflow
