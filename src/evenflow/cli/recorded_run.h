// A record of a run as the value that rules and reports read.
#pragma once

#include "evenflow/health.h"
#include "evenflow/record.h"

namespace evenflow::cli {

RunTrace recorded_run(const RunReader& reader);

// Does any step hold numbers of parameters? Not with --statistics off.
bool has_statistics(const RunTrace& run);

}  // namespace evenflow::cli
