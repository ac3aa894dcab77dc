// What the normalization remedies share.
#pragma once

#include <string>

#include "evenflow/cure/remedy.h"
#include "evenflow/cure/rewrite.h"

namespace evenflow {

// A layer of that type between each hidden kernel and its activation, where there is no normalization yet.
Treatment insert_normalization(const Case& c, const std::string& type);

}  // namespace evenflow
