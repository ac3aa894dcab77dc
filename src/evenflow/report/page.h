// The page of HTML reports as web/ was built into this program.
#pragma once

#include <string_view>

namespace evenflow {

// Empty when the program was built without it.
std::string_view report_page();

}  // namespace evenflow
