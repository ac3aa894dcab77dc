// The table of `evenflow check`: a row per layer, the output's first.
#pragma once

#include <string>

#include "evenflow/report.h"

namespace evenflow {

// Runs of alike layers are folded to one line; columns that do not fit into the width are left out.
std::string layer_rows(const Trace& trace, const TextStyle& style);

}  // namespace evenflow
