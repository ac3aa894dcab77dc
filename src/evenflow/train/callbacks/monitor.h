// What callbacks share that watch one log: which way is better, and by how much.
#pragma once

#include <optional>
#include <string>

#include "evenflow/train.h"

namespace evenflow {

class Monitor {
 public:
  // `owner` is the callback's name. Throws Error(usage) for a mode that is not "min", "max" or "auto".
  Monitor(std::string owner, std::string name, std::string mode, double min_delta = 0);

  // Finds out what "auto" means for this model. Throws Error(usage) when the name does not tell.
  void start(const Model& model);

  // Throws Error(usage) when there is no such log.
  double value(const EpochReport& report) const { return value(report.logs); }
  double value(std::span<const std::pair<std::string, double>> logs) const;

  // Is a value better than the reference by more than min_delta? Anything is better than nothing; NaN never is.
  bool improves(double value, std::optional<double> reference) const;

  const std::string& name() const { return name_; }

 private:
  std::string owner_;
  std::string name_;
  std::string mode_;
  double min_delta_;
  bool higher_is_better_ = false;
};

}  // namespace evenflow
