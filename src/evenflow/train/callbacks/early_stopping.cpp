#include <algorithm>
#include <memory>

#include "evenflow/callbacks.h"
#include "evenflow/train/callbacks/monitor.h"

namespace evenflow {
namespace {

class Stopper : public Observer {
 public:
  explicit Stopper(const EarlyStopping& settings)
      : settings_(settings), monitor_("EarlyStopping", settings.monitor, settings.mode, settings.min_delta) {}

  void on_start(const StartReport& report) override {
    network_ = &report.network;
    monitor_.start(report.model);
    wait_ = 0;
    best_.reset();
    best_weights_.reset();
  }

  void on_epoch(const EpochReport& report) override {
    const double current = monitor_.value(report);
    if (report.epoch < settings_.start_from_epoch) return;
    if (settings_.restore_best_weights && !best_weights_) remember();
    ++wait_;
    if (monitor_.improves(current, best_)) {
      best_ = current;
      if (settings_.restore_best_weights) remember();
      if (!settings_.baseline || monitor_.improves(current, settings_.baseline)) wait_ = 0;
      return;
    }
    if (wait_ >= settings_.patience && report.epoch > 0) network_->stop_training();
  }

  void on_end() override {
    if (!best_weights_) return;
    for (const auto& [name, best] : best_weights_->entries()) {
      Tensor& weights = network_->weights().at(name);
      std::copy(best.values().begin(), best.values().end(), weights.values().begin());
    }
  }

 private:
  void remember() { best_weights_ = std::as_const(*network_).weights(); }

  EarlyStopping settings_;
  Monitor monitor_;
  Network* network_ = nullptr;
  int wait_ = 0;
  std::optional<double> best_;
  std::optional<Weights> best_weights_;
};

}  // namespace

EarlyStopping::operator Callback() const {
  return std::make_shared<Stopper>(*this);
}

}  // namespace evenflow
