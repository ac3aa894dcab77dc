#include "evenflow/health/recorded_run.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>

#include "evenflow/base/json_text.h"
#include "evenflow/base/text.h"
#include "evenflow/health/run_watcher.h"

namespace evenflow {

namespace {

// Details of at most some thousand steps, however long the run was. A power of two: the steps with full statistics are
// multiples of such intervals by default, and stay.
std::int64_t details_every(const RunReader& reader) {
  constexpr std::uint64_t kMostSteps = 2500;
  const auto last = reader.last_step();
  std::uint64_t every = 1;
  while (last && last->numbers.iteration / every > kMostSteps) every *= 2;
  return static_cast<std::int64_t>(every);
}

}  // namespace

RunTrace recorded_run(const RunReader& reader) {
  const std::string settings = reader.info("settings");
  const Json json = settings.empty() ? Json::object() : parse_json(settings, "settings of the run");
  RunTrace run = describe_run(reader.model(), reader.info("data"), json.value("batch_size", std::int64_t{0}));
  for (const RecordedStep& recorded : reader.steps({.details_every = details_every(reader)})) {
    run.steps_per_epoch = recorded.numbers.steps;
    run.steps.push_back(run_step(recorded.numbers, run));
  }
  for (const EpochReport& epoch : reader.epochs()) run.epochs.push_back({.epoch = epoch.epoch, .logs = epoch.logs});
  return run;
}

bool has_statistics(const RunTrace& run) {
  return std::any_of(run.steps.begin(), run.steps.end(), [](const RunStep& step) { return !step.parameters.empty(); });
}

bool is_running(const RunReader& reader) {
  if (reader.info("outcome") != "running") return false;
  const std::string process = reader.info("process");
  return !process.empty() &&
         (kill(static_cast<pid_t>(parse_integer(process, "the record's process")), 0) == 0 || errno != ESRCH);
}

}  // namespace evenflow
