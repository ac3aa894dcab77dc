#include "evenflow/health/steady_update.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenflow/model/optimizer_type.h"

namespace evenflow {
namespace {

TEST(SteadyUpdate, EqualsTheOptimizersOwn) {
  for (const Item& given :
       {Item(SGD{.learning_rate = 0.1, .momentum = 0.9}), Item(Adam{}), Item(RMSprop{}), Item(Adagrad{})}) {
    const Item optimizer = choose_optimizer(Json{{"class_name", given.type}, {"config", given.config}});
    const SteadyUpdate steady(optimizer);
    for (double g = 1e-80; g < 1e80; g *= 3.7) {
      const double expected =
          optimizer_type(optimizer.type).steady_update(optimizer.config, initial_learning_rate(optimizer), g);
      EXPECT_NEAR(steady(g) / expected, 1, 4e-4) << optimizer.type << " " << g;
    }
    EXPECT_EQ(steady(0), 0);
  }
}

TEST(SteadyUpdate, AdamDoesNotCareForTheSizeAboveEpsilon) {
  const SteadyUpdate steady(choose_optimizer("adam"));
  EXPECT_NEAR(steady(1e-3), 1e-3, 2e-6);
  EXPECT_NEAR(steady(1e-7), 0.5e-3, 1e-6);  // the gradient equals epsilon
}

TEST(SteadyUpdate, LearningRateZero) {
  EXPECT_EQ(SteadyUpdate(choose_optimizer(Json{{"class_name", "SGD"}, {"config", {{"learning_rate", 0.0}}}}))(1.0), 0);
}

TEST(InitialLearningRate, IsTheEndOfAWarmUp) {
  const Item warm = choose_optimizer(Json::parse(R"({"class_name": "SGD", "config": {"learning_rate": {
      "class_name": "CosineDecay", "config": {"initial_learning_rate": 0.0, "decay_steps": 1000,
                                               "warmup_target": 0.3, "warmup_steps": 100}}}})"));
  EXPECT_NEAR(initial_learning_rate(warm), 0.3, 1e-9);
  EXPECT_EQ(initial_learning_rate(choose_optimizer("sgd")), 0.01);
}

}  // namespace
}  // namespace evenflow
