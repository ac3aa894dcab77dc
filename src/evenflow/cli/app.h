// The command line as a function: what main() calls and tests call in-process.
#pragma once

#include <atomic>

namespace evenflow::cli {

// Parses, runs, and turns errors into one line on stderr and an exit code: 0 fine, 1 findings at or above --fail-on or
// a training that failed, 2 wrong usage or bad input, 3 a fault of evenflow itself, 130 interrupted.
int run(int argc, const char* const* argv);

// Set by Ctrl-C (SIGINT, SIGTERM) from the first time on; a second Ctrl-C ends the process at once.
const std::atomic<bool>& interrupted();

}  // namespace evenflow::cli
