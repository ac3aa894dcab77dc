// A record of a run as the value that rules and reports read.
#pragma once

#include "evenflow/health.h"
#include "evenflow/record.h"

namespace evenflow {

// Every step; of long runs not all of them with parameters and layers.
RunTrace recorded_run(const RunReader& reader);

// Does any step hold numbers of parameters? Not with --statistics off.
bool has_statistics(const RunTrace& run);

// Does a training still write to it? Not when its process is gone without a last word (kill -9).
bool is_running(const RunReader& reader);

}  // namespace evenflow
