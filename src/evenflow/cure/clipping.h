// What the clipping remedies share: thresholds from the gradients that were measured.
#pragma once

#include <string>

#include "evenflow/cure/remedy.h"

namespace evenflow {

// "clipvalue", "clipnorm" or "global_clipnorm" set to the threshold, any other clipping off.
Treatment clip(const Case& c, const std::string& key, double threshold, const std::string& what);

}  // namespace evenflow
