// What the rules about gradient flow read from a trace: the profile along the path, the updates, the ledger's sums.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "evenflow/health.h"

namespace evenflow {

// |dL/dz| of the path's layers from the first that trains on, as log10 relative to the last one.
struct Profile {
  struct Point {
    std::size_t layer;  // in trace.layers
    double decades;     // 0 for the last one
  };
  std::vector<Point> points;  // first to last; only layers whose gradient was measured
  double last_norm = 0;       // log10; kZeroNorm if it is exactly zero
  double total = 0;           // decades of the first
  double per_layer = 0;
  double lowest = 0;  // smallest and largest decades of a point
  double highest = 0;
  double allowed = 1;  // |total| up to this is healthy

  std::size_t steps() const { return points.empty() ? 0 : points.size() - 1; }
  // Many steps add up to `decades`: no single one makes more than half of them.
  bool is_trend(double decades) const;
  // Index in points of the layer with the largest change from the layer above it in the direction of `decades`.
  std::size_t steepest(double decades) const;
};
Profile profile(const Trace& trace);

// The verdicts of theory, section 8.1, on a change by that many decades.
enum class Strength : std::uint8_t { healthy, weak, strong, fatal };
Strength strength(const Profile& profile, double decades);

// The bounds of sane updates, as fractions of the weights per step. Theory, section 5.5: healthy is 1e-4 to 1e-2, a
// layer below 1e-5 is frozen, above 1e-1 the update destroys. One decade below "frozen" the layer stands still for any
// training that anyone will run (a million steps to change the weights by their own size).
inline constexpr double kStarvedRatio = 1e-6;
inline constexpr double kDestructiveRatio = 1e-1;
// Theory, section 8.1: beyond a factor of 1000 between layers no single learning rate serves all.
inline constexpr double kUpdateSpread = 1e3;

struct Updates {
  bool known = false;  // of every trainable layer on the path
  double smallest = 0;
  double largest = 0;
  int near_epsilon = 0;              // layers whose gradient an adaptive optimizer's epsilon outweighs or nearly so:
                                     // a root mean square below 10 epsilon (theory, section 8.1)
  std::vector<std::size_t> starved;  // layers below kStarvedRatio and kUpdateSpread below the largest
  // Every layer trains, at rates that one learning rate can serve.
  bool sane() const { return known && smallest >= kStarvedRatio && largest <= smallest * kUpdateSpread; }
};
Updates updates(const Trace& trace);

// Sums of the chain-rule ledger between the first and the last point of the profile, by factor, largest first.
std::vector<Finding::Cause> causes(const Trace& trace, const Profile& profile);

// "the gradient changes by -0.02 decades over 30 layers; up to 1.0 is healthy".
std::string healthy_text(const Profile& profile);

// The share of the last hidden layer's output that depends on the input; 1 where it was not measured.
double signal_left(const Trace& trace);

// Numbers that both rules give as evidence.
std::vector<Finding::Number> evidence(const Trace& trace, const Profile& profile, const Updates& updates);

std::vector<std::string> names(const Trace& trace, const std::vector<std::size_t>& layers);

// "SGD", or "the optimizer" when the trace has none.
std::string optimizer_name(const Trace& trace);

}  // namespace evenflow
