// For tests of errors.
#pragma once

#include <string>
#include <utility>

#include "evenflow/error.h"

namespace evenflow {

// The kind and message of the Error that `body` throws: "input: ..."; "" if it throws none.
template <class Body>
std::string error_of(Body&& body) {
  try {
    std::forward<Body>(body)();
  } catch (const Error& error) {
    return std::string(to_string(error.kind())) + ": " + error.what();
  }
  return "";
}

}  // namespace evenflow
