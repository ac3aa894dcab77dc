#include <algorithm>

#include "evenflow/base/text.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow::schedules {
namespace {

// values[i] for boundaries[i-1] < step <= boundaries[i]
double rate(const Json& config, std::uint64_t step) {
  const auto boundaries = config.at("boundaries").get<std::vector<double>>();
  const auto values = config.at("values").get<std::vector<double>>();
  if (values.size() != boundaries.size() + 1) {
    fail(ErrorKind::input, "PiecewiseConstantDecay: {} boundaries need {} values, not {}", boundaries.size(),
         boundaries.size() + 1, values.size());
  }
  const auto at = std::lower_bound(boundaries.begin(), boundaries.end(), static_cast<double>(step));
  return values[static_cast<std::size_t>(at - boundaries.begin())];
}

}  // namespace

extern const ScheduleType piecewise_constant_decay;
constinit const ScheduleType piecewise_constant_decay{
    .id = "PiecewiseConstantDecay",
    .defaults = R"({"boundaries": [], "values": []})",
    .rate = rate,
};

}  // namespace evenflow::schedules
