// The JSON value that configurations, reports and the Keras formats share.
#pragma once

#include <nlohmann/json.hpp>

namespace evenflow {

// Ordered, so that what is written reads like what was read.
using Json = nlohmann::ordered_json;

}  // namespace evenflow
