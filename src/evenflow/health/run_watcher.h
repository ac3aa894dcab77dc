// Judges a training while it runs.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "evenflow/health.h"
#include "evenflow/train.h"

namespace evenflow {

// With the numbers of parameters and layers where `run` has them, by name.
RunStep run_step(const StepReport& report, const RunTrace& run);

// Collects what the steps report and tells of every finding once, and again when it gets worse. Old steps are thinned
// out, so memory and time stay bounded in runs of any length.
class RunWatcher : public Observer {
 public:
  // run: what is known before the first step, from describe_run.
  RunWatcher(RunTrace run, std::function<void(const Finding&)> tell) : run_(std::move(run)), tell_(std::move(tell)) {}

  void on_step(const StepReport& report) override;
  void on_epoch(const EpochReport& report) override;
  const RunTrace& run() const { return run_; }

 private:
  void judge();
  void thin_out();

  RunTrace run_;
  std::function<void(const Finding&)> tell_;
  std::map<std::string, Severity> told_;
  std::int64_t seen_ = 0;
  std::int64_t next_ = 50;
};

}  // namespace evenflow
