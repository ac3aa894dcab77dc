#include "evenflow/train/record/step_queue.h"

#include <gtest/gtest.h>

#include <thread>

namespace evenflow::record {
namespace {

constexpr std::chrono::milliseconds kNow{0};

struct Source {
  std::vector<double> exponents = std::vector<double>(kExponentBins, 1.0);
  std::vector<ParameterReport> parameters{{.name = "dense/kernel", .gradient_norm = 2, .exponents = exponents}};
  std::vector<double> times{1, 2, 3};
  std::vector<LayerReport> layers = std::vector<LayerReport>(1);

  Source() { layers[0].time_gradient_norms = times; }
  StepReport step(std::uint64_t iteration) const {
    return {.iteration = iteration, .loss = 0.5, .parameters = parameters, .layers = layers, .rows = {}, .running = {}};
  }
};

std::vector<std::uint64_t> iterations(const StepQueue::Steps& steps) {
  std::vector<std::uint64_t> all;
  for (const auto& step : steps) all.push_back(step->numbers.iteration);
  return all;
}

TEST(StepQueue, GivesDeepCopiesInOrder) {
  StepQueue queue(1 << 20, 100);
  {
    Source source;
    queue.add(source.step(1), 0.25);
    source.exponents[3] = 7;
    source.times[1] = 9;
    queue.add(source.step(2), 0.5);
  }
  const StepQueue::Steps steps = queue.take(kNow);
  ASSERT_EQ(iterations(steps), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(steps[0]->seconds, 0.25);
  EXPECT_EQ(steps[0]->parameters[0].exponents[3], 1);
  EXPECT_EQ(steps[1]->parameters[0].exponents[3], 7);
  EXPECT_EQ(steps[1]->layers[0].time_gradient_norms[1], 9);
  EXPECT_EQ(queue.dropped(), StepQueue::Dropped{});
  EXPECT_TRUE(queue.take(kNow).empty());
}

TEST(StepQueue, DropsTheOldestDetailsFirstAndCountsThem) {
  const Source source;
  StepQueue queue(3 * (kExponentBins * sizeof(double) + 1000), 100);  // room for the details of three steps
  for (std::uint64_t i = 1; i <= 10; ++i) queue.add(source.step(i), 0);
  const StepQueue::Steps steps = queue.take(kNow);
  ASSERT_EQ(steps.size(), 10u);  // the steps themselves are all there
  std::int64_t without = 0;
  for (const auto& step : steps) {
    EXPECT_EQ(step->numbers.loss, 0.5);
    const bool details = !step->parameters.empty();
    EXPECT_TRUE(details || without == static_cast<std::int64_t>(step->numbers.iteration) - 1);
    if (!details) ++without;
  }
  EXPECT_GE(without, 6);
  EXPECT_LE(without, 8);
  EXPECT_EQ(queue.dropped(), (StepQueue::Dropped{.details = without}));
}

TEST(StepQueue, DropsTheOldestStepsWhenThereIsNoRoomAtAll) {
  const Source source;
  StepQueue queue(1 << 20, 4);
  for (std::uint64_t i = 1; i <= 9; ++i) queue.add(source.step(i), 0);
  EXPECT_EQ(iterations(queue.take(kNow)), (std::vector<std::uint64_t>{6, 7, 8, 9}));
  EXPECT_EQ(queue.dropped(), (StepQueue::Dropped{.steps = 5}));
}

TEST(StepQueue, RecycledStepsCarryNothingOver) {
  const Source source;
  StepQueue queue(1 << 20, 100);
  queue.add(source.step(1), 0);
  queue.recycle(queue.take(kNow));
  queue.add({.iteration = 2, .parameters = {}, .layers = {}, .rows = {}, .running = {}}, 0);
  const StepQueue::Steps steps = queue.take(kNow);
  EXPECT_TRUE(steps[0]->parameters.empty());
  EXPECT_TRUE(steps[0]->numbers.layers.empty());
}

TEST(StepQueue, NothingIsLostBetweenTwoThreads) {
  constexpr std::uint64_t kCount = 20000;
  StepQueue queue(std::size_t{1} << 30, kCount + 1);
  std::uint64_t next = 1;
  std::thread writer([&] {
    while (next <= kCount) {
      StepQueue::Steps steps = queue.take(std::chrono::milliseconds(1));
      for (const auto& step : steps) EXPECT_EQ(step->numbers.iteration, next++);
      queue.recycle(std::move(steps));
    }
  });
  const Source source;
  for (std::uint64_t i = 1; i <= kCount; ++i) queue.add(source.step(i), 0);
  queue.wake();
  writer.join();
  EXPECT_EQ(next, kCount + 1);
}

}  // namespace
}  // namespace evenflow::record
