// The adding problem (Hochreiter and Schmidhuber 1997): add the two marked numbers of a long sequence. The same
// training for an LSTM, which solves it, and for a plain recurrent network, whose gradient does not reach that far
// back: it goes on saying 1, the mean, at a squared error of 0.167.
//
//   adding [T]     length of the sequences, 100 by default
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "evenflow/data.h"
#include "evenflow/train.h"

namespace ef = evenflow;

namespace {

// What the last step with full statistics says of the gradient's way back through time.
class WatchTime : public ef::Observer {
 public:
  void on_step(const ef::StepReport& report) override {
    for (const ef::LayerReport& layer : report.layers) {
      if (layer.time_gradient_norms.empty()) continue;
      first = layer.time_gradient_norms.front();
      last = layer.time_gradient_norms.back();
    }
  }
  void on_epoch(const ef::EpochReport& report) override {
    std::printf("  epoch %d/%d  %5.1fs  loss %.5f  |dL/dh| at the last step %.1e, at the first %.1e: %+.1f decades\n",
                report.epoch + 1, report.epochs, report.seconds, report.logs.front().second, last, first,
                std::log10(first / last));
    std::fflush(stdout);
  }
  double first = 0;
  double last = 0;
};

// Trains and returns the mean squared error on sequences that the training has not seen.
double test_error(const char* type, std::int64_t steps, int epochs) {
  std::printf("%s, 64 units, sequences of %d\n", type, static_cast<int>(steps));
  const std::string task = "adding:T=" + std::to_string(steps);
  const ef::Dataset train = ef::load_data(task + ",samples=20000");
  const ef::Dataset test = ef::load_data(task + ",samples=2000,seed=1");
  ef::Sequential model({ef::Input{{steps, 2}}, ef::layer(type, {{"units", 64}}), ef::Dense{.units = 1}});
  model.compile({.optimizer = ef::Adam{.learning_rate = 0.005, .global_clipnorm = 1.0}, .loss = "mse"});
  WatchTime watch;
  model.fit(train.x, train.y.reshaped({train.samples(), 1}),
            {.epochs = epochs,
             .batch_size = 64,
             .seed = 1,
             .statistics = ef::StatisticsLevel::full,
             .statistics_interval = 50,
             .observers = {&watch}});
  const double error = model.evaluate(test.x, test.y.reshaped({test.samples(), 1})).loss;
  std::printf("  test error %.5f\n", error);
  return error;
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t steps = argc > 1 ? std::atoi(argv[1]) : 100;
  if (steps < 2) {
    std::printf("adding: '%s' is no length of 2 or more\n", argv[1]);
    return 2;
  }
  // Short sequences are no trouble for a plain network either.
  const int epochs = steps < 60 ? 3 : 6;
  const double lstm = test_error("LSTM", steps, epochs);
  const double simple = test_error("SimpleRNN", steps, epochs);
  std::printf("LSTM %.5f, SimpleRNN %.5f; saying always 1: 0.167\n", lstm, simple);
  return lstm < 0.02 && (steps < 60 || simple > 0.1) ? 0 : 1;
}
