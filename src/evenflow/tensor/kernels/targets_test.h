// For tests of vector code.
#pragma once

#include <gtest/gtest.h>

#include "evenflow/base/threads.h"
#include "hwy/targets.h"

namespace evenflow {

// Calls body() once for each instruction set that this processor has.
template <class Body>
void for_each_target(const Body& body) {
  const auto choose = [](std::int64_t targets) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  };
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    choose(target);
    body();
  }
  choose(0);
}

// Calls body() with 1, 2 and 7 threads.
template <class Body>
void for_each_thread_count(const Body& body) {
  for (const int count : {1, 2, 7}) {
    SCOPED_TRACE(count);
    set_threads(count);
    body();
  }
  set_threads(0);
}

}  // namespace evenflow
