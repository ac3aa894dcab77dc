#include "evenflow/model/optimizer_type.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "evenflow/base/text.h"
#include "evenflow/model/golden_test.h"

namespace evenflow {
namespace {

Item choose(const char* text, KerasVersion version = {}) {
  return choose_optimizer(Json::parse(text), version);
}

TEST(ChooseOptimizer, AnySpellingGivesACompleteConfiguration) {
  for (const OptimizerType* type : all_optimizers()) {
    const Item item = choose_optimizer(lower(type->id));
    EXPECT_EQ(item.type, type->id);
    const Json defaults = Json::parse(type->defaults);
    for (const auto& [key, value] : defaults.items()) EXPECT_EQ(item.config[key], value) << type->id << " " << key;
    for (const char* key : {"weight_decay", "clipnorm", "global_clipnorm", "clipvalue"})
      EXPECT_TRUE(item.config.contains(key));
    EXPECT_EQ(choose_optimizer({{"class_name", item.type}, {"config", item.config}}), item) << "choosing again changes";
    EXPECT_LE(type->rule(item.config).slots.size(), kUpdateSlots);
  }
  EXPECT_EQ(choose_optimizer("rmsprop").type, "RMSprop");
  EXPECT_EQ(choose(R"({"class_name": "Custom>Adam", "config": {}})").type, "Adam");
}

TEST(ChooseOptimizer, KeysOfAllVersionsOfKeras) {
  const Item item = choose(R"({"module": "keras.optimizers", "class_name": "SGD", "registered_name": null, "config": {
      "name": "SGD", "learning_rate": 0.25, "weight_decay": null, "clipnorm": 0.5, "global_clipnorm": null,
      "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null,
      "loss_scale_factor": null, "gradient_accumulation_steps": null, "momentum": 0.5, "nesterov": true}})");
  EXPECT_EQ(learning_rate(item, 7), 0.25);
  EXPECT_EQ(item.config["momentum"], 0.5);
  EXPECT_EQ(item.config["nesterov"], true);
  EXPECT_EQ(clipping(item).kind, Clipping::Kind::norm);
  EXPECT_EQ(clipping(item).threshold, 0.5);
  const Item old = choose(R"({"class_name": "Adam", "config": {"lr": 0.5, "beta_1": 0.8, "beta_2": 0.9, "decay": 0.0,
      "epsilon": null, "amsgrad": false}})",
                          {2, 2});
  EXPECT_EQ(learning_rate(old, 0), 0.5);
  EXPECT_EQ(old.config["beta_1"], 0.8);
  EXPECT_EQ(old.config["epsilon"], 1e-7);
}

TEST(ChooseOptimizer, DecayOfKeras2IsASchedule) {
  const Item item = choose(R"({"class_name": "SGD", "config": {"lr": 0.1, "decay": 0.5, "momentum": 0.0}})", {2, 3});
  EXPECT_EQ(item.config["learning_rate"]["class_name"], "InverseTimeDecay");
  for (const std::uint64_t step : {0, 1, 7}) {
    EXPECT_NEAR(learning_rate(item, step), 0.1 / (1 + 0.5 * static_cast<double>(step)), 1e-15);
  }
}

TEST(ChooseOptimizer, Clipping) {
  const auto clip = [](const char* key, double threshold, KerasVersion version) {
    Json config{{"name", "Adam"}, {key, threshold}};
    return clipping(choose_optimizer({{"class_name", "Adam"}, {"config", config}}, version)).kind;
  };
  EXPECT_EQ(clip("clipnorm", 1, {3, 0}), Clipping::Kind::norm);
  EXPECT_EQ(clip("global_clipnorm", 1, {3, 0}), Clipping::Kind::global_norm);
  EXPECT_EQ(clip("clipvalue", 1, {3, 0}), Clipping::Kind::value);
  EXPECT_EQ(clip("clipvalue", 0, {3, 0}), Clipping::Kind::none);
  // Stand-alone Keras 2 wrote no names; tf.keras, of the same version numbers, did and clipped each variable.
  EXPECT_EQ(clip("clipnorm", 1, {2, 2}), Clipping::Kind::norm);
  EXPECT_EQ(clipping(choose(R"({"class_name": "Adam", "config": {"clipnorm": 1.0}})", {2, 3})).kind,
            Clipping::Kind::global_norm);
  EXPECT_EQ(clipping(choose_optimizer("adam")).kind, Clipping::Kind::none);
}

TEST(ChooseOptimizer, SeveralClippingsInLateKeras2MeanTheFirst) {
  const Item item =
      choose(R"({"class_name": "Adam", "config": {"name": "Adam", "clipvalue": 2.0, "clipnorm": 1.0}})", {2, 13});
  EXPECT_EQ(clipping(item).kind, Clipping::Kind::norm);
  EXPECT_EQ(choose_optimizer({{"class_name", item.type}, {"config", item.config}}), item);
}

TEST(ChooseOptimizer, AdagradOfStandAloneKeras2StartsAtZero) {
  const Item old =
      choose(R"({"class_name": "Adagrad", "config": {"learning_rate": 0.01, "decay": 0.0, "epsilon": 1e-07}})", {2, 3});
  EXPECT_EQ(optimizer_type("Adagrad").rule(old.config).slots[0].initial, 0.0f);
  EXPECT_EQ(optimizer_type("Adagrad").rule(choose_optimizer("adagrad").config).slots[0].initial, 0.1f);
}

TEST(ChooseOptimizer, WhatOlderVersionsComputedOtherwise) {
  const auto number = [](const Item& item, const char* key) { return item.config.at(key).get<double>(); };
  const Json none = Json::object();
  const auto item = [](const char* type, const Json& config, KerasVersion version) {
    return choose_optimizer({{"class_name", type}, {"config", config}}, version);
  };
  EXPECT_EQ(number(item("Adadelta", none, {2, 3}), "learning_rate"), 1.0);
  EXPECT_EQ(number(item("Adadelta", {{"name", "Adadelta"}}, {2, 3}), "learning_rate"), 0.001);
  EXPECT_EQ(number(item("Adamax", none, {2, 2}), "learning_rate"), 0.002);
  EXPECT_EQ(number(item("Nadam", none, {2, 2}), "learning_rate"), 0.002);
  EXPECT_EQ(number(item("Nadam", {{"schedule_decay", 0.01}}, {2, 2}), "keras2_schedule_decay"), 0.01);
  // tf.keras wrote it under a name that means something else for the other optimizers.
  const Item nadam = item("Nadam", {{"name", "Nadam"}, {"learning_rate", 0.5}, {"decay", 0.02}}, {2, 9});
  EXPECT_EQ(number(nadam, "keras2_schedule_decay"), 0.02);
  EXPECT_EQ(number(nadam, "learning_rate"), 0.5);
  EXPECT_EQ(number(choose_optimizer("nadam"), "keras2_schedule_decay"), 1.0);
  for (const char* type : {"RMSprop", "Adagrad"}) {
    EXPECT_EQ(item(type, none, {2, 3}).config["keras2_epsilon"], true);
    EXPECT_EQ(item(type, {{"name", type}}, {2, 10}).config["keras2_epsilon"], true);
    EXPECT_EQ(item(type, {{"name", type}}, {2, 11}).config["keras2_epsilon"], false);
    EXPECT_EQ(item(type, {{"name", type}, {"is_legacy_optimizer", true}}, {2, 11}).config["keras2_epsilon"], true);
    EXPECT_EQ(item(type, none, {3, 0}).config["keras2_epsilon"], false);
  }
  EXPECT_EQ(number(item("SGD", {{"name", "SGD"}, {"decay", 0.1}}, {3, 0}), "learning_rate"), 0.01)
      << "Keras 3 ignores it";
}

TEST(ChooseOptimizer, CommonSettings) {
  const Item item = choose(R"({"class_name": "SGD", "config": {"use_ema": true, "ema_momentum": 0.5,
      "ema_overwrite_frequency": 4, "loss_scale_factor": 8.0, "gradient_accumulation_steps": 3}})");
  ASSERT_TRUE(moving_average(item));
  EXPECT_EQ(moving_average(item)->momentum, 0.5);
  EXPECT_EQ(moving_average(item)->overwrite_frequency, 4);
  EXPECT_EQ(accumulation_steps(item), 3);
  EXPECT_EQ(loss_scale(item), 8);
  EXPECT_EQ(choose_optimizer({{"class_name", item.type}, {"config", item.config}}), item);
  const Item plain = choose_optimizer("sgd");
  EXPECT_FALSE(moving_average(plain));
  EXPECT_EQ(accumulation_steps(plain), 1);
  EXPECT_EQ(loss_scale(plain), 1);
}

TEST(ChooseOptimizer, WeightDecay) {
  EXPECT_EQ(weight_decay(choose_optimizer("sgd")), std::nullopt);
  EXPECT_EQ(weight_decay(choose_optimizer("adamw")), 0.004);
  EXPECT_EQ(weight_decay(choose(R"({"class_name": "SGD", "config": {"weight_decay": 0.1}})")), 0.1);
  EXPECT_EQ(weight_decay(choose(R"({"class_name": "SGD", "config": {"weight_decay": false}})")), std::nullopt);
}

TEST(ChooseOptimizer, ErrorsSayWhatIsWrong) {
  const auto error = [](const Json& config) { return error_of([&] { choose_optimizer(config); }); };
  const auto expect = [&](const char* text, const char* part) {
    const std::string message = error(Json::parse(text));
    EXPECT_NE(message.find(part), std::string::npos) << text << ": " << message;
  };
  EXPECT_EQ(error("adm"), "unknown optimizer 'adm'; did you mean 'adam'?");
  expect("3", "not 3");
  expect(R"({"class_name": "SGD", "config": {"momentun": 0.9}})", "momentun");
  expect(R"({"class_name": "SGD", "config": {"momentum": "high"}})", "momentum");
  expect(R"({"class_name": "SGD", "config": {"nesterov": 1.5}})", "nesterov");
  expect(R"({"class_name": "SGD", "config": {"learning_rate": -1.0}})", "learning rate");
  expect(R"({"class_name": "SGD", "config": {"clipnorm": 1.0, "clipvalue": 2.0}})", "clipnorm and clipvalue");
  expect(R"({"class_name": "SGD", "config": {"use_ema": true, "ema_momentum": 1.5}})", "'ema_momentum' must be from 0");
  expect(R"({"class_name": "SGD", "config": {"gradient_accumulation_steps": 1}})", "a whole number from 2, not 1");
  expect(R"({"class_name": "SGD", "config": {"learning_rate": {"class_name": "ExponentialDeca", "config": {}}}})",
         "did you mean 'exponentialdecay'");
  expect(R"({"class_name": "SGD", "config": {"learning_rate": {"class_name": "PiecewiseConstantDecay",
             "config": {"boundaries": [1, 2], "values": [0.1]}}}})",
         "need 3 values");
}

// ---- Schedules ------------------------------------------------------------------------------------------------

struct Golden {
  const char* schedule;
  const char* config;
  double rates[9];
};

// Keras 3.15.1 (JAX backend, float32) at these steps: [float(schedule(s)) for s in steps].
constexpr std::uint64_t kSteps[] = {0, 1, 3, 4, 7, 10, 13, 25, 40};
const Golden kGolden[] = {
    {"ExponentialDecay",
     R"({"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": false})",
     {0.1, 0.090572365, 0.074299715, 0.067295007, 0.050000001, 0.037149858, 0.027602239, 0.0084118759, 0.0019047087}},
    {"ExponentialDecay",
     R"({"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": true})",
     {0.1, 0.1, 0.1, 0.1, 0.050000001, 0.050000001, 0.050000001, 0.0125, 0.003125}},
    {"PiecewiseConstantDecay",
     R"({"boundaries": [3, 10], "values": [0.5, 0.25, 0.125]})",
     {0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125}},
    {"PolynomialDecay",
     R"({"initial_learning_rate": 0.1, "decay_steps": 10, "end_learning_rate": 0.0001, "power": 1.0, "cycle": false})",
     {0.1, 0.090010002, 0.070030004, 0.060040005, 0.030070001, 9.9999997e-05, 9.9999997e-05, 9.9999997e-05,
      9.9999997e-05}},
    {"PolynomialDecay",
     R"({"initial_learning_rate": 0.1, "decay_steps": 10, "end_learning_rate": 0.01, "power": 2.0, "cycle": true})",
     {0.1, 0.082899995, 0.054099999, 0.042400002, 0.018100001, 0.0099999998, 0.021025002, 0.0125, 0.0099999998}},
    {"InverseTimeDecay",
     R"({"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.7, "staircase": false})",
     {0.1, 0.087719299, 0.07042253, 0.064102568, 0.05050505, 0.041666664, 0.035460994, 0.022222223, 0.015151516}},
    {"InverseTimeDecay",
     R"({"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.7, "staircase": true})",
     {0.1, 0.1, 0.1, 0.1, 0.05882353, 0.041666664, 0.041666664, 0.022222223, 0.015151516}},
    {"CosineDecay",
     R"({"initial_learning_rate": 0.1, "decay_steps": 20, "alpha": 0.0, "warmup_target": null, "warmup_steps": 0})",
     {0.1, 0.09938442, 0.094550326, 0.090450846, 0.072699524, 0.049999997, 0.027300481, 0, 0}},
    {"CosineDecay",
     R"({"initial_learning_rate": 0.1, "decay_steps": 20, "alpha": 0.2, "warmup_target": null, "warmup_steps": 0})",
     {0.1, 0.099507533, 0.095640264, 0.092360675, 0.078159623, 0.059999999, 0.041840386, 0.020000001, 0.020000001}},
    {"CosineDecay",
     R"({"initial_learning_rate": 0.01, "decay_steps": 20, "alpha": 0.1, "warmup_target": 0.2, "warmup_steps": 5})",
     {0.0099999998, 0.048, 0.12400001, 0.162, 0.19559507, 0.17363961, 0.13781153, 0.020000001, 0.020000001}},
    {"CosineDecayRestarts",
     R"({"initial_learning_rate": 0.1, "first_decay_steps": 6, "t_mul": 2.0, "m_mul": 1.0, "alpha": 0.0})",
     {0.1, 0.093301274, 0.049999997, 0.024999997, 0.098296292, 0.075000003, 0.037059035, 0.080438077, 0.0017037094}},
    {"CosineDecayRestarts",
     R"({"initial_learning_rate": 0.1, "first_decay_steps": 6, "t_mul": 1.0, "m_mul": 0.9, "alpha": 0.1})",
     {0.1, 0.093971148, 0.054999996, 0.032499995, 0.085574031, 0.030250004, 0.078016616, 0.065093473, 0.021957429}},
    {"CosineDecayRestarts",
     R"({"initial_learning_rate": 0.1, "first_decay_steps": 4, "t_mul": 1.5, "m_mul": 0.8, "alpha": 0.05})",
     {0.1, 0.086087577, 0.018912429, 0.081, 0.042999998, 0.065800004, 0.0506, 0.033543125, 0.03216213}},
};

Item with_schedule(const std::string& name, const Json& config) {
  const Json schedule{{"module", "keras.optimizers.schedules"}, {"class_name", name}, {"config", config}};
  return choose_optimizer({{"class_name", "SGD"}, {"config", {{"learning_rate", schedule}}}});
}

TEST(Schedules, EqualKeras) {
  for (const Golden& golden : kGolden) {
    const Item optimizer = with_schedule(golden.schedule, Json::parse(golden.config));
    for (std::size_t i = 0; i < std::size(kSteps); ++i) {
      EXPECT_NEAR(learning_rate(optimizer, kSteps[i]), golden.rates[i], 2e-7)
          << golden.schedule << golden.config << " at step " << kSteps[i];
    }
  }
  for (const ScheduleType* type : all_schedules()) {
    EXPECT_TRUE(
        std::any_of(std::begin(kGolden), std::end(kGolden), [&](const Golden& g) { return type->id == g.schedule; }))
        << type->id << " has no golden numbers";
  }
}

TEST(Schedules, RestartAtTheEndOfEachPeriod) {
  for (const double t : {1.0, 1.5, 2.0, 3.0, 10.0}) {
    const Item optimizer =
        with_schedule("CosineDecayRestarts",
                      {{"initial_learning_rate", 1.0}, {"first_decay_steps", 8}, {"t_mul", t}, {"m_mul", 0.5}});
    double begin = 0;
    double length = 8;
    for (int period = 0; period < 4; ++period, begin += length, length *= t) {
      const auto step = static_cast<std::uint64_t>(std::llround(begin));
      if (static_cast<double>(step) != begin) continue;
      EXPECT_NEAR(learning_rate(optimizer, step), std::pow(0.5, period), 1e-9)
          << "factor " << t << ", period " << period;
    }
  }
}

TEST(Schedules, ManyStepsStayFinite) {
  for (const Golden& golden : kGolden) {
    const Item optimizer = with_schedule(golden.schedule, Json::parse(golden.config));
    for (const std::uint64_t step : {std::uint64_t{1} << 20, std::uint64_t{1} << 40}) {
      const double rate = learning_rate(optimizer, step);
      EXPECT_TRUE(std::isfinite(rate) && rate >= 0) << golden.schedule << " at step " << step;
    }
  }
}

}  // namespace
}  // namespace evenflow
