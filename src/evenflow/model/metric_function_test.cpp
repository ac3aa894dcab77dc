#include "evenflow/model/metric_function.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "evenflow/base/text.h"
#include "evenflow/model/golden_test.h"
#include "evenflow/model/loss_function.h"

namespace evenflow {
namespace {

std::string_view chosen(const Item& metric, const Shape& target, const Shape& output, std::string loss,
                        int keras_major) {
  return choose_metric(metric, target, output, Item{std::move(loss)}, keras_major).id;
}

double value(const char* name, const std::vector<float>& target, const std::vector<float>& prediction) {
  const auto width = static_cast<std::int64_t>(prediction.size());
  const MetricChoice metric =
      choose_metric(Item{name}, {1, static_cast<std::int64_t>(target.size())}, {1, width}, Item{"mse"}, 3);
  const Row row{target.data(), target.size(), prediction.data(), prediction.size(), metric.parameters.data()};
  return metric.row->evaluate(row, nullptr);
}

TEST(ChooseMetric, AccuracyByShapesAloneInKeras3) {
  for (const char* name : {"accuracy", "acc"}) {
    for (const char* loss : {"binary_crossentropy", "mean_squared_error", "sparse_categorical_crossentropy"}) {
      EXPECT_EQ(chosen({name}, {32, 1}, {32, 1}, loss, 3), "binary_accuracy");
      EXPECT_EQ(chosen({name}, {32}, {32, 10}, loss, 3), "sparse_categorical_accuracy");
      EXPECT_EQ(chosen({name}, {32, 1}, {32, 10}, loss, 3), "sparse_categorical_accuracy");
      EXPECT_EQ(chosen({name}, {32, 10}, {32, 10}, loss, 3), "categorical_accuracy");
    }
  }
}

TEST(ChooseMetric, AccuracyByTheLossAsWellInKeras2) {
  EXPECT_EQ(chosen({"accuracy"}, {32, 2}, {32, 2}, "binary_crossentropy", 2), "binary_accuracy");
  EXPECT_EQ(chosen({"accuracy"}, {32, 10}, {32, 10}, "categorical_crossentropy", 2), "categorical_accuracy");
  EXPECT_EQ(chosen({"accuracy"}, {32, 1}, {32, 10}, "sparse_categorical_crossentropy", 2),
            "sparse_categorical_accuracy");
  EXPECT_EQ(chosen({"acc"}, {32, 1}, {32, 1}, "mean_squared_error", 2), "binary_accuracy");
}

TEST(ChooseMetric, Crossentropy) {
  EXPECT_EQ(chosen({"ce"}, {32, 1}, {32, 1}, "mse", 3), "binary_crossentropy");
  EXPECT_EQ(chosen({"crossentropy"}, {32}, {32, 4}, "mse", 3), "sparse_categorical_crossentropy");
  EXPECT_EQ(chosen({"crossentropy"}, {32, 4}, {32, 4}, "mse", 3), "categorical_crossentropy");
}

TEST(ChooseMetric, EveryMetricAndEveryLossUnderItsOwnNames) {
  const auto find = [](const std::string& name) { return chosen({name}, {8, 4}, {8, 4}, "mse", 3); };
  for (const MetricFunction* metric : all_metrics()) {
    EXPECT_EQ(find(std::string(metric->id)), metric->id);
    EXPECT_EQ(find(std::string(metric->class_name)), metric->id);
  }
  for (const LossFunction* loss : all_losses()) {
    EXPECT_EQ(find(std::string(loss->id)), loss->id);
    EXPECT_EQ(find(std::string(loss->class_name)), loss->id);
  }
  EXPECT_EQ(find("mse"), "mean_squared_error");
  EXPECT_EQ(find("RootMeanSquaredError"), "root_mean_squared_error");
  EXPECT_TRUE(choose_metric({"rmse"}, {8, 4}, {8, 4}, {"mse"}, 3).root);
  EXPECT_TRUE(choose_metric({"accuracy"}, {8, 4}, {8, 4}, {"mse"}, 3).higher_is_better);
  EXPECT_FALSE(choose_metric({"mse"}, {8, 4}, {8, 4}, {"mse"}, 3).higher_is_better);
}

TEST(ChooseMetric, ErrorsNameTheNearest) {
  const auto error = [](const char* name) {
    return error_of([&] { choose_metric({name}, {8, 4}, {8, 4}, {"mse"}, 3); });
  };
  EXPECT_EQ(error("categorical_acuracy"), "unknown metric 'categorical_acuracy'; did you mean 'categorical_accuracy'?");
}

TEST(Metrics, BinaryAccuracyIsAboveOneHalf) {
  EXPECT_EQ(value("binary_accuracy", {1, 0, 1, 0}, {0.9f, 0.1f, 0.4f, 0.6f}), 0.5);
  EXPECT_EQ(value("binary_accuracy", {1, 0}, {0.5f, 0.5f}), 0.5);  // one half itself is class 0
}

TEST(Metrics, TiesGoToTheFirstClass) {
  EXPECT_EQ(value("categorical_accuracy", {1, 0, 0}, {0.4f, 0.4f, 0.2f}), 1);
  EXPECT_EQ(value("categorical_accuracy", {0, 1, 0}, {0.4f, 0.4f, 0.2f}), 0);
  EXPECT_EQ(value("sparse_categorical_accuracy", {0}, {0.4f, 0.4f, 0.2f}), 1);
  EXPECT_EQ(value("sparse_categorical_accuracy", {1}, {0.4f, 0.4f, 0.2f}), 0);
}

TEST(Metrics, TopFive) {
  EXPECT_EQ(value("top_k_categorical_accuracy", {0, 0, 0, 0, 1, 0, 0}, {7, 6, 5, 4, 3, 2, 1}), 1);
  EXPECT_EQ(value("top_k_categorical_accuracy", {0, 0, 0, 0, 0, 1, 0}, {7, 6, 5, 4, 3, 2, 1}), 0);
}

TEST(Metrics, SquaresUnderTheRoot) {
  EXPECT_EQ(value("root_mean_squared_error", {1, 2}, {4, 6}), 12.5);
}

}  // namespace
}  // namespace evenflow
