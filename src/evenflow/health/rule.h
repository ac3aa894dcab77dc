// Registry of rules: one file each in health/rules. A rule is a pure function from a Trace (a network at rest) or from
// a RunTrace (a training) to at most one Finding.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "evenflow/health.h"

namespace evenflow {

// Why a rule found nothing: "the gradient keeps its size: -0.02 decades over 29 layers".
struct Silence {
  std::string reason;
};
using Verdict = std::variant<Silence, Finding>;

struct Rule {
  std::string_view id;                              // the file's stem with dashes
  std::string_view summary;                         // one sentence for the catalogue
  Verdict (*check)(const Trace& trace) = nullptr;   // null: it cannot be seen at rest
  Verdict (*watch)(const RunTrace& run) = nullptr;  // null: it cannot be seen in a run
  bool leading = false;  // among findings of the same severity it comes first: others may be its consequences
};

std::span<const Rule* const> all_rules();

}  // namespace evenflow
