#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/callbacks.h"

namespace evenflow {
namespace {

class Scheduler : public Observer {
 public:
  explicit Scheduler(const LearningRateScheduler& settings) : settings_(settings) {
    if (!settings.schedule) fail(ErrorKind::usage, "LearningRateScheduler: no schedule is given");
  }

  void on_start(const StartReport& report) override { network_ = &report.network; }
  void on_epoch_begin(int epoch) override {
    network_->set_learning_rate(settings_.schedule(epoch, network_->learning_rate()));
  }

 private:
  LearningRateScheduler settings_;
  Network* network_ = nullptr;
};

}  // namespace

LearningRateScheduler::operator Callback() const {
  return std::make_shared<Scheduler>(*this);
}

}  // namespace evenflow
