#include <cmath>
#include <memory>

#include "evenflow/callbacks.h"

namespace evenflow {
namespace {

class Terminator : public Observer {
 public:
  void on_start(const StartReport& report) override { network_ = &report.network; }
  void on_step(const StepReport& report) override {
    if (!std::isfinite(report.loss)) network_->stop_training();
  }

 private:
  Network* network_ = nullptr;
};

}  // namespace

TerminateOnNaN::operator Callback() const {
  return std::make_shared<Terminator>();
}

}  // namespace evenflow
