#include "evenflow/train/record/event_recorder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace evenflow {
namespace {

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++count;
  return count;
}

TEST(EventRecorder, WritesScalarsOfStepsAndEpochsAndHistogramsOncePerEpoch) {
  const Path folder = std::filesystem::temp_directory_path() / ("evenflow_tb_" + std::to_string(getpid()));
  Sequential network({Input{{2}}, Dense{4, "relu"}, Dense{1}}, 1);
  network.compile({.loss = "mse"});
  EventRecorder recorder(folder);
  network.fit(Tensor(Shape{32, 2}, 1.0f), Tensor(Shape{32, 1}, 1.0f),
              {.epochs = 2, .batch_size = 8, .statistics = StatisticsLevel::full, .observers = {&recorder}});
  EXPECT_TRUE(recorder.ok());
  const std::string bytes = read_file(recorder.path());
  EXPECT_EQ(occurrences(bytes, "batch/loss"), 8u);
  EXPECT_EQ(occurrences(bytes, "epoch/loss"), 2u);
  EXPECT_EQ(occurrences(bytes, "log10_gradient_norm/dense_1/kernel"), 8u);
  EXPECT_EQ(occurrences(bytes, "gradient_log2/dense_1/kernel"), 2u);
  EXPECT_EQ(occurrences(bytes, "dead/dense"), 8u);  // the output layer has no slope
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace evenflow
