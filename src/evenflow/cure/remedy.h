// Registry of remedies: one file each in cure/remedies. A remedy is a pure function from a case to a changed recipe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "evenflow/cure.h"

namespace evenflow {

// What the first steps of the original's training showed.
struct Course {
  std::vector<double> losses;        // by step
  std::vector<double> global_norms;  // of the raw gradients, finite ones only
  double median_norm = 0;
  double largest_norm = 0;
  double median_element = 0;  // of the largest gradient elements of the steps
  bool finite = true;
  double seconds_per_step = 0;
  // By a sweep of the learning rate over a copy (L. Smith, arXiv 1506.01186): where the loss leaves for good, and where
  // it is the lowest; absent where it did not within the sweep.
  std::optional<double> unstable_rate;
  std::optional<double> best_rate;
};

// All that a remedy may look at.
struct Case {
  const Recipe& recipe;
  const Dataset& data;
  const Trace& trace;  // of fresh draws
  const Course& course;
  std::span<const std::string> keep;  // names of layers that it must not touch
  std::int64_t steps = 1;             // of one whole training
};

struct Refusal {
  std::string reason;  // "every hidden layer is relu already"
};
struct Treated {
  Recipe recipe;
  std::string change;  // "relu with he_normal in 29 layers"
};
using Treatment = std::variant<Refusal, Treated>;

struct Remedy {
  std::string_view id;  // the file's stem
  RemedyKind kind;
  std::string_view summary;
  std::string_view effect;
  std::string_view treats;  // symptoms, separated by spaces; see symptoms.h
  int cost;
  Treatment (*apply)(const Case& c);
};

// Sorted by id. Generated from the folder.
std::span<const Remedy* const> all_remedies();
const Remedy& remedy(std::string_view id);  // throws Error(usage) naming the nearest

}  // namespace evenflow
