// Why, by experiment: what the gradient's change through depth would be if one factor of the model were harmless.
#pragma once

#include <vector>

#include "evenflow/health.h"

namespace evenflow {

// The decades of a probe's total, by factor: each factor is made harmless on a copy (hidden activations without loss of
// slope, weights at the gain that keeps the gradient, normalization left out, inputs at unit scale) in every
// combination with the others, and the differences are averaged over the orders of change (L. Shapley, 1953), so that
// with what is left when all are changed the parts add up exactly to the whole. Largest first.
//
// Costs 2^k probes of one batch for the k factors that the model has, k <= 4. Empty where a combination could not be
// measured at every layer (overflow, no gradient at all), or the model has no such factor.
std::vector<Finding::Cause> counterfactual(const SavedModel& model, const ProbeOptions& options, const Trace& trace);

// Writes them into the findings about gradients through depth (Finding::experiment); does nothing without such a one.
void add_counterfactuals(const SavedModel& model, const ProbeOptions& options, const Trace& trace,
                         std::vector<Finding>& findings);

}  // namespace evenflow
