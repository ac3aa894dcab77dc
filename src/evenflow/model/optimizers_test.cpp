// Every optimizer against the sequences of real Keras 3.16.0, and what an update tells of a variable against sums in
// double precision, on every instruction set of the machine.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "evenflow/base/random.h"
#include "evenflow/base/text.h"
#include "evenflow/model/optimizer_type.h"
#include "evenflow/tensor/kernels/targets_test.h"

namespace evenflow {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// One variable under one optimizer, as the graph runs it.
class Variable {
 public:
  Variable(const Json& optimizer, std::vector<float> weights)
      : item_(choose_optimizer(optimizer)), w(std::move(weights)) {
    rule_ = optimizer_type(item_.type).rule(item_.config);
    for (const UpdateSlot& slot : rule_.slots) slots.emplace_back(w.size(), slot.initial);
  }

  void step(const std::vector<float>& gradient, UpdateStatistics* statistics = nullptr) {
    std::array<float, kUpdateCoefficients> coefficients{};
    const double rate = learning_rate(item_, step_);
    rule_.coefficients(step_++, rate, coefficients.data());
    UpdateBlock block{.weights = w.data(),
                      .gradient = gradient.data(),
                      .slots = {},
                      .count = w.size(),
                      .coefficients = coefficients.data(),
                      .gradient_scale = scale(gradient),
                      .clip_value = kInfinity,
                      .decay = static_cast<float>(weight_decay(item_).value_or(0) * rate),
                      .statistics = statistics};
    const Clipping clip = clipping(item_);
    if (clip.kind == Clipping::Kind::value) block.clip_value = static_cast<float>(clip.threshold);
    std::size_t elements = 0;
    std::size_t all = 0;
    UpdateBlock whole = block;
    for (std::size_t s = 0; s < slots.size(); ++s) {
      whole.slots[all++] = slots[s].data();
      if (rule_.slots[s].extent == UpdateSlot::Extent::elements) block.slots[elements++] = slots[s].data();
    }
    const Shape shape{static_cast<std::int64_t>(w.size())};
    if (rule_.prepare != nullptr) rule_.prepare(whole, shape, coefficients.data());
    rule_.update(block);
  }

  float scale(const std::vector<float>& gradient) const {
    const Clipping clip = clipping(item_);
    if (clip.kind != Clipping::Kind::norm) return 1.0f;
    double squares = 0;
    for (const float g : gradient) squares += static_cast<double>(g) * g;
    return static_cast<float>(clip.threshold / std::max(std::sqrt(squares), clip.threshold));
  }

 private:
  Item item_;
  UpdateRule rule_;
  std::uint64_t step_ = 0;

 public:
  std::vector<float> w;
  std::vector<std::vector<float>> slots;
};

struct Sequence {
  const char* name;
  const char* optimizer;
  double after[3][3];  // steps 1, 2 and 5
};

// Keras 3.16.0: w0 = [1, -2, 0.5], gradient of step t = float32 sin(0.37 (k + 1) + 0.5 + 1.3 t) * [1, .1, 3, .5, 2][t].
const Sequence kSequences[] = {
    {"SGD",
     R"({"class_name":"SGD","config":{}})",
     {{0.9235671, -2.094579, 0.4000768}, {0.9153093, -2.100238, 0.3977816}, {1.104302, -1.893075, 0.5950764}}},
    {"momentum",
     R"({"class_name":"SGD","config":{"momentum":0.9}})",
     {{0.9235671, -2.094579, 0.4000768}, {0.8465196, -2.185359, 0.3078507}, {1.05798, -1.828802, 0.7612459}}},
    {"Nesterov",
     R"({"class_name":"SGD","config":{"momentum":0.9,"nesterov":true}})",
     {{0.8547775, -2.179699, 0.310146}, {0.7771769, -2.267061, 0.2248472}, {1.156484, -1.738996, 0.8301977}}},
    {"clipnorm",
     R"({"class_name":"SGD","config":{"clipnorm":0.5}})",
     {{0.9757187, -2.030046, 0.4682562}, {0.9674608, -2.035705, 0.4659609}, {1.033153, -1.991194, 0.4832677}}},
    {"clipvalue",
     R"({"class_name":"SGD","config":{"clipvalue":0.2}})",
     {{0.98, -2.02, 0.48}, {0.9717422, -2.02566, 0.4777047}, {1.031742, -2.00566, 0.4977047}}},
    {"weight_decay",
     R"({"class_name":"SGD","config":{"weight_decay":0.1}})",
     {{0.9135671, -2.074579, 0.3950768}, {0.8961736, -2.059492, 0.3888308}, {1.056124, -1.795454, 0.5689954}}},
    {"Adam",
     R"({"class_name":"Adam","config":{}})",
     {{0.900001, -2.099999, 0.400001}, {0.8253872, -2.171331, 0.331304}, {0.9148555, -2.075178, 0.4264645}}},
    {"AMSGrad",
     R"({"class_name":"Adam","config":{"amsgrad":true}})",
     {{0.900001, -2.099999, 0.400001}, {0.8253872, -2.171331, 0.3313203}, {0.9148555, -2.075178, 0.4264807}}},
    {"AdamW",
     R"({"class_name":"AdamW","config":{}})",
     {{0.8996011, -2.099199, 0.399801}, {0.8246275, -2.169692, 0.3309441}, {0.9130822, -2.070978, 0.4256588}}},
    {"RMSprop",
     R"({"class_name":"RMSprop","config":{}})",
     {{0.6837725, -2.316228, 0.1837724}, {0.6479903, -2.336135, 0.1761178}, {1.140546, -2.026898, 0.3997599}}},
    {"RMSprop centered",
     R"({"class_name":"RMSprop","config":{"momentum":0.9,"centered":true}})",
     {{0.666667, -2.333333, 0.1666668}, {0.3287071, -2.65434, -0.1413775}, {0.5626897, -2.556413, -0.1007143}}},
    {"Adagrad",
     R"({"class_name":"Adagrad","config":{}})",
     {{0.9075963, -2.094839, 0.4046604}, {0.8976624, -2.100505, 0.4024709}, {1.039469, -2.00514, 0.4743526}}},
};

std::vector<float> golden_gradient(int step, std::size_t count) {
  const float factors[] = {1.0f, 0.1f, 3.0f, 0.5f, 2.0f};
  std::vector<float> g;
  for (std::size_t k = 0; k < count; ++k) {
    const double angle = 0.37 * static_cast<double>(k % 3 + 1) + 0.5 + 1.3 * step;
    g.push_back(static_cast<float>(std::sin(angle)) * factors[step]);
  }
  return g;
}

TEST(Optimizers, FollowKeras) {
  for (const Sequence& sequence : kSequences) {
    for_each_target([&] {
      Json optimizer = Json::parse(sequence.optimizer);
      optimizer["config"]["learning_rate"] = 0.1;
      Variable variable(optimizer, {1.0f, -2.0f, 0.5f});
      for (int t = 0; t < 5; ++t) {
        variable.step(golden_gradient(t, 3));
        if (t == 2 || t == 3) continue;
        for (std::size_t i = 0; i < 3; ++i) {
          EXPECT_NEAR(variable.w[i], sequence.after[t == 4 ? 2 : t][i], 3e-6)
              << sequence.name << ", step " << t << ", " << i;
        }
      }
    });
  }
}

// Vectors and what is left of an array are the same arithmetic: element i does not depend on the length.
TEST(Optimizers, AnyLengthGivesTheSameElements) {
  for (const Sequence& sequence : kSequences) {
    const Json optimizer = Json::parse(sequence.optimizer);
    if (optimizer["config"].contains("clipnorm")) continue;
    for_each_target([&] {
      for (std::size_t n = 1; n < 70; ++n) {
        std::vector<float> start(n + 1, 0.75f);
        Variable alone(optimizer, {0.75f, 0.75f, 0.75f});
        Variable whole(optimizer, start);
        UpdateStatistics statistics;
        for (int t = 0; t < 2; ++t) {
          alone.step(golden_gradient(t, 3));
          whole.step(golden_gradient(t, n + 1), t == 1 ? &statistics : nullptr);
        }
        for (std::size_t i = 0; i <= n; ++i)
          ASSERT_EQ(whole.w[i], alone.w[i % 3]) << sequence.name << " " << n << " " << i;
      }
    });
  }
}

TEST(Optimizers, ClipByValueGoldenVector) {
  for_each_target([&] {
    Variable variable(Json::parse(R"({"class_name":"SGD","config":{"learning_rate":1.0,"clipvalue":2.0}})"),
                      {0, 0, 0, 0, 0, 0});
    variable.step({3, 4, 12, 0, -12, -kInfinity});
    EXPECT_EQ(variable.w, (std::vector<float>{-2, -2, -2, 0, 2, 2}));
  });
}

TEST(Optimizers, NaNReachesTheWeightAsInKeras) {
  for (const OptimizerType* type : all_optimizers()) {
    const bool looks_at_all = type->rule(choose_optimizer(lower(type->id)).config).prepare != nullptr;
    for_each_target([&] {
      for (const bool clip : {false, true}) {
        Json config{{"learning_rate", 0.1}};
        if (clip) config["clipvalue"] = 1.0;
        Variable variable({{"class_name", type->id}, {"config", config}}, {1, 1});
        variable.step({kNaN, 1});
        EXPECT_TRUE(std::isnan(variable.w[0])) << type->id;
        EXPECT_EQ(std::isnan(variable.w[1]), looks_at_all) << type->id;
      }
    });
  }
}

UpdateStatistics by_hand(const std::vector<float>& g, const std::vector<float>& before,
                         const std::vector<float>& after) {
  UpdateStatistics s;
  for (std::size_t i = 0; i < g.size(); ++i) {
    s.weight_squares += static_cast<double>(before[i]) * before[i];
    s.update_squares += std::pow(static_cast<double>(after[i]) - before[i], 2);
    if (!std::isfinite(g[i])) {
      ++s.gradient_non_finite;
      continue;
    }
    s.gradient_sum += g[i];
    s.gradient_squares += static_cast<double>(g[i]) * g[i];
    s.gradient_maximum = std::max<double>(s.gradient_maximum, std::abs(g[i]));
    s.gradient_zeros += g[i] == 0;
  }
  return s;
}

void expect_close(double value, double expected, double scale, const char* what, const std::string& where) {
  EXPECT_NEAR(value, expected, 2e-6 * scale) << what << ", " << where;
}

struct Sizes {
  double gradient;
  double weight;
};

TEST(UpdateStatistics, EqualSumsInDoublePrecisionAtEverySize) {
  const Sizes sizes[] = {{1, 1},    {1, 0},    {0, 1},       {1e-30, 1},    {1e-25, 0},     {1e-10, 1e-3},
                         {1e18, 1}, {1e30, 1}, {1e-3, 1e30}, {1e-3, 1e-30}, {1e-42, 1e-42}, {1e19, 1e19}};
  for (const Sizes& size : sizes) {
    for (const std::size_t n : {1U, 7U, 64U, 1023U, 1024U, 1025U, 5000U}) {
      Random random(n);
      std::vector<float> g(n);
      std::vector<float> w(n);
      for (float& v : g) v = static_cast<float>(size.gradient * random.normal());
      for (float& v : w) v = static_cast<float>(size.weight * random.normal());
      if (n > 7) g[n / 2] = 0;
      for_each_target([&] {
        Variable variable(Json::parse(R"({"class_name":"SGD","config":{"learning_rate":0.5}})"), w);
        UpdateStatistics s;
        variable.step(g, &s);
        const UpdateStatistics e = by_hand(g, w, variable.w);
        const std::string where = fmt::format("gradient {}, weight {}, {} elements", size.gradient, size.weight, n);
        expect_close(s.gradient_sum, e.gradient_sum, std::sqrt(e.gradient_squares * static_cast<double>(n)), "sum",
                     where);
        expect_close(s.gradient_squares, e.gradient_squares, e.gradient_squares, "squares", where);
        EXPECT_EQ(s.gradient_maximum, e.gradient_maximum) << where;
        EXPECT_EQ(s.gradient_zeros, e.gradient_zeros) << where;
        EXPECT_EQ(s.gradient_non_finite, 0) << where;
        expect_close(s.weight_squares, e.weight_squares, e.weight_squares, "weights", where);
        double change = 0;  // lr g: what the weight's rounding hides is part of the change
        for (const float v : g) change += std::pow(static_cast<double>(0.5f * v), 2);
        expect_close(s.update_squares, change, change, "change", where);
      });
    }
  }
}

TEST(UpdateStatistics, CountWhatIsNotFiniteAndLeaveItOut) {
  std::vector<float> g(2500, 0.25f);
  g[3] = kNaN;
  g[1500] = kInfinity;
  g[2499] = -kInfinity;
  g[2000] = -3.0f;
  g[2001] = 0.0f;
  g[2002] = -0.0f;
  for_each_target([&] {
    Variable variable(Json::parse(R"({"class_name":"SGD","config":{"learning_rate":0.5}})"),
                      std::vector<float>(g.size(), 2.0f));
    UpdateStatistics s;
    variable.step(g, &s);
    EXPECT_EQ(s.gradient_non_finite, 3);
    EXPECT_EQ(s.gradient_zeros, 2);
    EXPECT_EQ(s.gradient_maximum, 3);
    EXPECT_DOUBLE_EQ(s.gradient_sum, 0.25 * 2494 - 3);
    EXPECT_DOUBLE_EQ(s.gradient_squares, 0.0625 * 2494 + 9);
    EXPECT_DOUBLE_EQ(s.weight_squares, 4.0 * 2500);
    variable.step(g, &s);  // adds
    EXPECT_EQ(s.gradient_non_finite, 6);
  });
}

// The size of a step after many equal gradients.
TEST(Optimizers, SteadyUpdateIsWhatManyEqualGradientsLeadTo) {
  const char* optimizers[] = {
      R"({"class_name":"SGD","config":{"learning_rate":0.01}})",
      R"({"class_name":"SGD","config":{"learning_rate":0.01,"momentum":0.9}})",
      R"({"class_name":"SGD","config":{"learning_rate":0.01,"momentum":0.9,"nesterov":true}})",
      R"({"class_name":"Adam","config":{"learning_rate":0.01,"beta_2":0.9}})",
      R"({"class_name":"AdamW","config":{"learning_rate":0.01,"beta_2":0.9,"weight_decay":0.0}})",
      R"({"class_name":"RMSprop","config":{"learning_rate":0.01}})",
      R"({"class_name":"RMSprop","config":{"learning_rate":0.01,"momentum":0.9}})",
  };
  for (const char* text : optimizers) {
    const Item item = choose_optimizer(Json::parse(text));
    for (const float g : {1.0f, 1e-3f, 1e-6f, 1e-8f}) {
      Variable variable(Json::parse(text), {0.0f});
      float before = 0;
      for (int t = 0; t < 400; ++t) {
        variable.w[0] = before = 0;
        variable.step({g});
      }
      const double change = std::abs(static_cast<double>(variable.w[0]) - before);
      const OptimizerType& type = optimizer_type(item.type);
      EXPECT_NEAR(type.steady_update(item.config, 0.01, g), change, 1e-3 * change) << text << " " << g;
    }
  }
  const Item adagrad = choose_optimizer("adagrad");
  Variable variable("adagrad", {0.0f});
  variable.step({0.2f});
  EXPECT_NEAR(optimizer_type("Adagrad").steady_update(adagrad.config, 0.001, 0.2),
              std::abs(static_cast<double>(variable.w[0])), 1e-9);
}

}  // namespace
}  // namespace evenflow
