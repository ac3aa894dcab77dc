#include <algorithm>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/callbacks.h"
#include "evenflow/train/callbacks/monitor.h"

namespace evenflow {
namespace {

class Plateau : public Observer {
 public:
  explicit Plateau(const ReduceLROnPlateau& settings)
      : settings_(settings), monitor_("ReduceLROnPlateau", settings.monitor, settings.mode, settings.min_delta) {
    if (!(settings.factor >= 0 && settings.factor < 1))
      fail(ErrorKind::usage, "ReduceLROnPlateau: factor must be from 0 and below 1, not {}", settings.factor);
  }

  void on_start(const StartReport& report) override {
    network_ = &report.network;
    network_->set_learning_rate(network_->learning_rate());  // refuses a schedule now, not after many epochs
    monitor_.start(report.model);
    best_.reset();
    cooldown_ = 0;
    wait_ = 0;
  }

  void on_epoch(const EpochReport& report) override {
    const double current = monitor_.value(report);
    if (cooldown_ > 0) {
      --cooldown_;
      wait_ = 0;
    }
    if (monitor_.improves(current, best_)) {
      best_ = current;
      wait_ = 0;
    } else if (cooldown_ == 0 && ++wait_ >= settings_.patience) {
      reduce();
    }
  }

 private:
  void reduce() {
    const double rate = network_->learning_rate();
    if (rate <= settings_.min_lr) return;
    network_->set_learning_rate(std::max(rate * settings_.factor, settings_.min_lr));
    cooldown_ = settings_.cooldown;
    wait_ = 0;
  }

  ReduceLROnPlateau settings_;
  Monitor monitor_;
  Network* network_ = nullptr;
  std::optional<double> best_;
  int cooldown_ = 0;
  int wait_ = 0;
};

}  // namespace

ReduceLROnPlateau::operator Callback() const {
  return std::make_shared<Plateau>(*this);
}

}  // namespace evenflow
