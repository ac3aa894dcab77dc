// Why a network is to be treated: what the findings say, and what its first steps, its data and its output show. Words
// of Remedy::treats:
//   vanishing exploding dead saturation collapse initialization normalization   of the network at rest
//   input output                                                               of data and targets
//   diverging spikes oscillating rate slow                                     of the training
#pragma once

#include <span>
#include <string>
#include <vector>

#include "evenflow/cure/remedy.h"

namespace evenflow {

struct Symptom {
  std::string word;
  std::string reason;  // "the loss is NaN after 3 steps"
};
// One for each word, worst first.
std::vector<Symptom> symptoms(const Case& c, std::span<const Finding> findings);

bool treats(const Remedy& remedy, std::span<const Symptom> symptoms);

}  // namespace evenflow
