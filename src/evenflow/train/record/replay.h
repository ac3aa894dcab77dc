// Runs one recorded step again, operator by operator, and finds the first that made something not finite.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evenflow/record.h"

namespace evenflow {

struct ReplayedValue {
  std::string what;  // an operator's input or output: "input 0 (dense/kernel)"
  std::string shape;
  double largest = 0;  // of the absolute values that are finite
  double non_finite = 0;
};

struct Replay {
  struct Culprit {
    std::string layer;
    std::string operation;
    bool backward = false;              // after the loss: a gradient or an update
    std::vector<std::int64_t> element;  // index of the first bad one
    double value = 0;                   // NaN or infinite
    std::vector<ReplayedValue> inputs;  // all of them finite
    ReplayedValue output;
  };
  double loss = 0;
  // What was not finite before any operator ran: "the weights 'dense/kernel'".
  std::vector<std::string> bad_before;
  std::optional<Culprit> first;  // absent when every operator's results are finite
  std::size_t operators = 0;
};

Replay replay(const Model& model, const Flight& flight);

}  // namespace evenflow
