// A network of like hidden layers: what `evenflow new` and the lab of `evenflow serve` build.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenflow/model.h"

namespace evenflow {

struct StackedNetwork {
  std::vector<std::int64_t> input;  // shape of one sample
  // The input holds `tokens` different tokens, 0 for padding, which become vectors of this width; 0: it holds numbers.
  std::int64_t tokens = 0;
  std::int64_t embedding = 0;
  std::string recurrent;                       // Keras's class name; empty: the hidden layers are dense
  std::vector<std::int64_t> hidden;            // widths
  std::string activation;                      // empty: relu, or the recurrent layer's own
  std::string initializer = "glorot_uniform";  // of kernels
  double weight_variance = 1;                  // times 1 / fan-in: of "variance_scaling", the others have their own
  std::string recurrent_initializer;           // empty: the recurrent layer's own
  std::string bias_initializer = "zeros";
  bool return_sequences = false;  // of the last recurrent layer
  std::string normalization;      // "batch_normalization", "layer_normalization" before each activation; empty: none
  // Dense layers of one width in a row become pre-activation blocks z + W f(z) (K. He et al., ECCV 2016).
  bool residual = false;
  double dropout = 0;  // after each hidden layer's activation
  std::int64_t output = 1;
  std::string output_activation = "linear";
};

// Not compiled. Throws Error(usage) for what does not go together, Error for names that Keras does not know.
Model stacked_network(const StackedNetwork& network);

}  // namespace evenflow
