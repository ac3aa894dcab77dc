// What the remedies of recurrent layers share.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "evenflow/cure/remedy.h"

namespace evenflow {

// Applies `change` to every layer of that type that may be changed, layers inside of a Bidirectional included; `change`
// returns whether it changed anything. Refuses with `otherwise` when nothing was changed.
Treatment change_recurrent(const Case& c, std::string_view type,
                           const std::function<bool(std::string& type, Json& config)>& change, const std::string& what,
                           const std::string& otherwise);

// Settings that a layer of another type does not know are dropped.
void keep_known_settings(const std::string& type, Json& config);

}  // namespace evenflow
