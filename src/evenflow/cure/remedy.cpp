#include "evenflow/cure/remedy.h"

#include "evenflow/base/text.h"

namespace evenflow {

std::vector<RemedyInfo> remedies() {
  std::vector<RemedyInfo> result;
  for (const Remedy* one : all_remedies()) {
    result.push_back({.id = std::string(one->id),
                      .kind = one->kind,
                      .summary = std::string(one->summary),
                      .effect = std::string(one->effect),
                      .cost = one->cost});
  }
  return result;
}

const Remedy& remedy(std::string_view id) {
  std::vector<std::string> names;
  for (const Remedy* one : all_remedies()) {
    if (one->id == id) return *one;
    names.emplace_back(one->id);
  }
  const std::string near = nearest(id, names);
  fail(ErrorKind::usage, "unknown remedy '{}'{}", printable(id),
       near.empty() ? "; known are " + join(names) : fmt::format("; did you mean '{}'?", near));
}

}  // namespace evenflow
