// Time of one whole training step (forward, loss, backward, update) of the benchmark networks, without statistics, with
// norms and with full statistics at every step. Prints a JSON object per network; bench/run makes the table.
//
//   bench_step [name] [--threads N] [--seconds S] [--profile off|norms|full]
//
// --profile prints the time of every kernel instead.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "evenflow/base/random.h"
#include "evenflow/base/threads.h"
#include "evenflow/model/loss_function.h"
#include "evenflow/model/optimizer_type.h"
#include "evenflow/train/programs.h"
#include "networks.h"

namespace {

using namespace evenflow;
using bench::Benchmark;
using bench::networks;
using Clock = std::chrono::steady_clock;

Model compiled(Model model) {
  model.compile = CompileSettings{.optimizer = choose_optimizer(Json{
                                      {"class_name", "SGD"}, {"config", {{"learning_rate", 0.01}, {"momentum", 0.9}}}}),
                                  .loss = choose_loss("categorical_crossentropy")};
  return model;
}

class Runner {
 public:
  Runner(const Benchmark& network, StatisticsLevel statistics)
      : model_(compiled(network.build())), batch_(network.batch), output_(output_shape(model_).count()) {
    state_.weights = initialize(model_, 1);
    program_ = std::make_unique<StepProgram>(
        model_, state_, BatchShapes{.batch = batch_, .samples = {input_shape(model_)}, .targets = {Shape{output_}}},
        statistics, 1);
    Random random(2);
    const std::int64_t elements = batch_ * input_shape(model_).count();
    for (std::int64_t i = 0; i < elements; ++i) program_->x()[i] = static_cast<float>(random.normal());
    std::fill_n(program_->y(), batch_ * output_, 0.0f);
    for (std::int64_t i = 0; i < batch_; ++i)
      program_->y()[i * output_ + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(output_)))] = 1;
  }

  // Milliseconds per step, over about `seconds`.
  double measure(double seconds) {
    int steps = 0;
    const auto start = Clock::now();
    double elapsed = 0;
    while (steps == 0 || elapsed < seconds) {
      for (int i = 0; i < 4; ++i) program_->run(1e-4);
      steps += 4;
      elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    }
    return elapsed / steps * 1e3;
  }

  Program& program() { return const_cast<Program&>(program_->program()); }

 private:
  Model model_;
  std::int64_t batch_;
  std::int64_t output_;
  TrainingState state_;
  std::unique_ptr<StepProgram> program_;
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

void print_profile(Runner& runner, double seconds_in_all) {
  const double repeats = std::clamp(seconds_in_all * 1e3 / runner.measure(0), 3.0, 200.0);
  double total = 0;
  for (const auto& [text, seconds] : runner.program().profile(static_cast<int>(repeats))) {
    fmt::print("{:9.2f} us  {}\n", seconds * 1e6, text);
    total += seconds;
  }
  fmt::print("{:9.2f} us  in all\n", total * 1e6);
}

StatisticsLevel level(const std::string& name) {
  return name == "off" ? StatisticsLevel::off : name == "norms" ? StatisticsLevel::norms : StatisticsLevel::full;
}

void measure(const Benchmark& network, int threads, double seconds, const std::string& profile) {
  set_threads(threads >= 0 ? threads : network.threads);
  if (!profile.empty()) {
    Runner runner(network, level(profile));
    runner.measure(seconds / 4);  // warm up
    return print_profile(runner, seconds);
  }
  Runner plain(network, StatisticsLevel::off);
  Runner norms(network, StatisticsLevel::norms);
  Runner full(network, StatisticsLevel::full);
  for (Runner* runner : {&plain, &norms, &full}) runner->measure(seconds / 4);  // warm up
  // Turn about, so that a slow moment of the machine meets all.
  std::vector<double> plain_ms, norms_ms, full_ms, norms_ratio, full_ratio;
  constexpr int kRounds = 15;
  for (int i = 0; i < kRounds; ++i) {
    plain_ms.push_back(plain.measure(seconds / kRounds));
    norms_ms.push_back(norms.measure(seconds / kRounds));
    full_ms.push_back(full.measure(seconds / kRounds));
    norms_ratio.push_back(norms_ms.back() / plain_ms.back());
    full_ratio.push_back(full_ms.back() / plain_ms.back());
  }
  fmt::print(R"({{"name": "{}", "plain_ms": {:.5f}, "statistics_ms": {:.5f}, "statistics_cost": {:.4f}, )"
             R"("full_ms": {:.5f}, "full_cost": {:.4f}}})"
             "\n",
             network.name, median(plain_ms), median(norms_ms), median(norms_ratio) - 1, median(full_ms),
             median(full_ratio) - 1);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::string only;
  int threads = -1;
  double seconds = 2;
  std::string profile;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
      threads = std::stoi(argv[++i]);
    else if (std::strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
      seconds = std::stod(argv[++i]);
    else if (std::strcmp(argv[i], "--profile") == 0 && i + 1 < argc)
      profile = argv[++i];
    else
      only = argv[i];
  }
  for (const Benchmark& network : networks()) {
    if (network.name.find(only) != std::string::npos) measure(network, threads, seconds, profile);
  }
}
