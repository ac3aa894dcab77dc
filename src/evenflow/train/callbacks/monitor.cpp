#include "evenflow/train/callbacks/monitor.h"

#include <cmath>
#include <utility>
#include <vector>

#include "evenflow/base/text.h"
#include "evenflow/model/lowering.h"
#include "evenflow/model/metric_function.h"

namespace evenflow {
namespace {

// Absent when the model logs nothing of that name.
std::optional<bool> higher_is_better(const std::string& name, const Model& model) {
  if (name == "loss") return false;
  for (const LoggedValue& logged : logged_values(model)) {
    if (logged.name != name) continue;
    if (logged.metric.type.empty()) return false;  // an output's loss
    const Shape any{1, 2};                         // the shapes decide which accuracy it is, not which way is better
    const Item loss = model.compile->of_output(logged.output).loss;
    return choose_metric(logged.metric, any, any, loss, model.keras.major).higher_is_better;
  }
  return std::nullopt;
}

}  // namespace

Monitor::Monitor(std::string owner, std::string name, std::string mode, double min_delta)
    : owner_(std::move(owner)), name_(std::move(name)), mode_(std::move(mode)), min_delta_(std::abs(min_delta)) {
  if (mode_ != "min" && mode_ != "max" && mode_ != "auto")
    fail(ErrorKind::usage, "{}: mode must be min, max or auto, not '{}'", owner_, printable(mode_));
}

void Monitor::start(const Model& model) {
  if (mode_ != "auto") {
    higher_is_better_ = mode_ == "max";
    return;
  }
  const std::string plain = name_.starts_with("val_") ? name_.substr(4) : name_;
  const std::optional<bool> known = higher_is_better(plain, model);
  if (!known) {
    fail(ErrorKind::usage, "{}: the model logs no '{}'; it cannot tell which values are better", owner_,
         printable(name_));
  }
  higher_is_better_ = *known;
}

double Monitor::value(std::span<const std::pair<std::string, double>> logs) const {
  std::vector<std::string> names;
  for (const auto& [name, value] : logs) {
    if (name == name_) return value;
    names.push_back(name);
  }
  fail(ErrorKind::usage, "{}: there is no log '{}'; there are {}{}", owner_, printable(name_), join(names),
       name_.starts_with("val_") ? ". Logs with val_ want validation data" : "");
}

bool Monitor::improves(double value, std::optional<double> reference) const {
  if (!reference) return true;
  return higher_is_better_ ? value - min_delta_ > *reference : value + min_delta_ < *reference;
}

}  // namespace evenflow
