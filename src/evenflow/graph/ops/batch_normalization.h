// Batch normalization: S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing
// internal covariate shift", ICML 2015; details as in Keras.
#pragma once

#include "evenflow/graph.h"

namespace evenflow::ops {

struct BatchNormalizationOptions {
  int axis = -1;  // of the channels; statistics are taken over all other axes
  float epsilon = 1e-3f;
  float momentum = 0.99f;
  float moving_variance_factor = 1.0f;  // of the batch's variance on its way into the moving one
};

// y = gamma (x - mean) / sqrt(variance + epsilon) + beta with the batch's own mean and biased variance; gamma and beta
// may be absent. moving_mean and moving_variance are parameters and are written to:
// moving = moving * momentum + batch * (1 - momentum).
ValueId batch_normalization(Graph& graph, ValueId x, ValueId gamma, ValueId beta, ValueId moving_mean,
                            ValueId moving_variance, const BatchNormalizationOptions& options = {});

// The same with given mean and variance, which receive no gradient.
ValueId batch_normalization_inference(Graph& graph, ValueId x, ValueId gamma, ValueId beta, ValueId moving_mean,
                                      ValueId moving_variance, const BatchNormalizationOptions& options = {});

}  // namespace evenflow::ops
