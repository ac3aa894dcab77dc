// JSON as files hold it.
#pragma once

#include <string>
#include <string_view>

#include "evenflow/json.h"

namespace evenflow {

// Accepts Python's NaN, Infinity and -Infinity (they become JSON null). Nesting beyond 200 levels is an error.
// Throws Error(input) with `what` (a file, an attribute) and the position.
Json parse_json(std::string_view text, std::string_view what);

// A number, or the strings "NaN", "Infinity", "-Infinity": JSON has no bare tokens for them.
Json number(double value);

}  // namespace evenflow
