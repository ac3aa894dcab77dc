#include "evenflow/model/initializer_type.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>

#include "evenflow/base/text.h"
#include "evenflow/model/golden_test.h"

namespace evenflow {
namespace {

Tensor make(const Item& item, const Shape& shape, std::uint64_t seed = 1) {
  Random random(seed);
  return initializer_type(item.type).make(shape, item.config, random);
}

double variance(const Item& item, const Shape& shape) {
  return initializer_type(item.type).variance(shape, item.config);
}

struct Moments {
  double mean = 0;
  double variance = 0;
  double largest = 0;
};

Moments moments(const Tensor& tensor) {
  Moments m;
  const auto count = static_cast<double>(tensor.count());
  for (const float v : tensor.values()) m.mean += v / count;
  for (const float v : tensor.values()) {
    m.variance += (v - m.mean) * (v - m.mean) / count;
    m.largest = std::max<double>(m.largest, std::abs(v));
  }
  return m;
}

TEST(Fans, AreKerass) {
  const auto expect = [](const Shape& shape, double in, double out) {
    EXPECT_EQ(fans(shape).in, in);
    EXPECT_EQ(fans(shape).out, out);
  };
  expect({}, 1, 1);
  expect({7}, 7, 7);
  expect({3, 5}, 3, 5);
  expect({3, 3, 8, 16}, 72, 144);
  expect({5, 8, 16}, 40, 80);
}

TEST(Initializers, DrawsHaveTheVarianceThatTheyTell) {
  const Shape shape{300, 200};
  for (const InitializerType* type : all_initializers()) {
    const std::set<std::string_view> fixed{"Orthogonal", "Identity", "Ones", "Constant", "UnitForgetBias"};
    if (fixed.contains(type->id)) continue;
    const Item item = choose_initializer(std::string(type->id));
    const Moments m = moments(make(item, shape));
    const double expected = variance(item, shape);
    EXPECT_NEAR(m.variance, expected, 0.03 * expected) << type->id;
    EXPECT_NEAR(m.mean, 0, 5 * std::sqrt(expected / 60000)) << type->id;
  }
}

TEST(Initializers, VariancesAreTheFormulas) {
  const Shape shape{3, 3, 8, 16};  // fans 72 and 144
  const auto expect = [&](const char* name, double value) {
    EXPECT_NEAR(variance(choose_initializer(name), shape), value, 1e-12) << name;
  };
  expect("glorot_uniform", 2.0 / 216);
  expect("glorot_normal", 2.0 / 216);
  expect("he_uniform", 2.0 / 72);
  expect("he_normal", 2.0 / 72);
  expect("lecun_uniform", 1.0 / 72);
  expect("lecun_normal", 1.0 / 72);
  expect("random_normal", 0.0025);
  expect("random_uniform", 0.0025 / 3);
  expect("truncated_normal", 0.0025 * 0.8796256610342398 * 0.8796256610342398);
  expect("zeros", 0);
  expect("orthogonal", 1.0 / 72);  // 72 rows of 16 columns: columns of norm 1
}

TEST(Initializers, BoundsOfTheDistributions) {
  const Shape shape{400, 100};
  const double uniform = std::sqrt(6.0 / 500);
  const Moments glorot = moments(make(choose_initializer("glorot_uniform"), shape));
  EXPECT_LE(glorot.largest, uniform * (1 + 1e-6));
  EXPECT_GT(glorot.largest, 0.999 * uniform);
  const double cut = 2 * std::sqrt(2.0 / 400) / 0.8796256610342398;
  const Moments he = moments(make(choose_initializer("he_normal"), shape));
  EXPECT_LE(he.largest, cut * (1 + 1e-6));
  EXPECT_GT(he.largest, 0.99 * cut);
  const Item range =
      choose_initializer(Json::parse(R"({"class_name":"RandomUniform","config":{"minval":1.0,"maxval":3.0}})"));
  const Moments m = moments(make(range, shape));
  EXPECT_NEAR(m.mean, 2, 0.02);
  EXPECT_NEAR(m.variance, variance(range, shape), 0.02);
}

TEST(Initializers, ConstantsAndIdentity) {
  EXPECT_EQ(make(choose_initializer("ones"), {2}), Tensor({2}, {1, 1}));
  EXPECT_EQ(make(choose_initializer("zeros"), {2}), Tensor({2}, {0, 0}));
  const Item constant = choose_initializer(Json::parse(R"({"class_name":"Constant","config":{"value":0.5}})"));
  EXPECT_EQ(make(constant, {3}), Tensor({3}, {0.5f, 0.5f, 0.5f}));
  const Item twice = choose_initializer(Json::parse(R"({"class_name":"Identity","config":{"gain":2.0}})"));
  EXPECT_EQ(make(twice, {2, 3}), Tensor({2, 3}, {2, 0, 0, 0, 2, 0}));
  EXPECT_NE(error_of([&] { make(twice, {2, 2, 2}); }).find("matrices"), std::string::npos);
}

// The shorter side's vectors are orthonormal, whatever the shape; the gain scales them.
TEST(Initializers, OrthogonalIsOrthogonal) {
  const Item item = choose_initializer(Json::parse(R"({"class_name":"OrthogonalInitializer","config":{"gain":1.5}})"));
  for (const Shape& shape : {Shape{6, 6}, Shape{9, 4}, Shape{4, 9}, Shape{3, 3, 2, 5}, Shape{1, 4}, Shape{64, 64}}) {
    const Tensor q = make(item, shape);
    const std::int64_t columns = shape.back();
    const std::int64_t rows = shape.count() / columns;
    const std::int64_t vectors = std::min(rows, columns);
    const std::int64_t length = std::max(rows, columns);
    const auto at = [&](std::int64_t vector, std::int64_t i) {
      return static_cast<double>(rows <= columns ? q[vector * columns + i] : q[i * columns + vector]);
    };
    for (std::int64_t a = 0; a < vectors; ++a) {
      for (std::int64_t b = 0; b <= a; ++b) {
        double dot = 0;
        for (std::int64_t i = 0; i < length; ++i) dot += at(a, i) * at(b, i);
        EXPECT_NEAR(dot, a == b ? 2.25 : 0, 1e-6) << to_string(shape);
      }
    }
    EXPECT_NEAR(variance(item, shape), 2.25 / static_cast<double>(length), 1e-12);
  }
}

TEST(Initializers, UnitForgetBiasIsOneForTheForgetGate) {
  EXPECT_EQ(make(choose_initializer("unit_forget_bias"), {8}), Tensor({8}, {0, 0, 1, 1, 0, 0, 0, 0}));
}

TEST(Initializers, AreAFunctionOfTheSeed) {
  for (const InitializerType* type : all_initializers()) {
    const Item item = choose_initializer(std::string(type->id));
    EXPECT_EQ(make(item, {8, 8}, 5), make(item, {8, 8}, 5)) << type->id;
    EXPECT_EQ(make(item, {8, 8}, 5) == make(item, {8, 8}, 6), variance(item, {8, 8}) == 0) << type->id;
  }
}

TEST(ChooseInitializer, SpellingsOfAllVersions) {
  const auto parse = [](const char* text) { return choose_initializer(Json::parse(text)); };
  EXPECT_EQ(choose_initializer("he_normal").type, "HeNormal");
  EXPECT_EQ(choose_initializer("normal").type, "RandomNormal");
  EXPECT_EQ(choose_initializer("uniform").type, "RandomUniform");
  // Keras 2.2: glorot_uniform as it was written.
  const Item old = parse(R"({"class_name": "VarianceScaling", "config": {"scale": 1.0, "mode": "fan_avg",
                             "distribution": "uniform", "seed": null}})");
  EXPECT_EQ(variance(old, {30, 20}), variance(choose_initializer("glorot_uniform"), {30, 20}));
  const Item truncated = parse(R"({"class_name": "VarianceScaling", "config": {"distribution": "normal"}})");
  const double deviation = std::sqrt(1.0 / 100);
  EXPECT_LE(moments(make(truncated, {100, 300})).largest, 2 * deviation / 0.8796256610342398 * (1 + 1e-6));
  const Item untruncated =
      parse(R"({"class_name": "VarianceScaling", "config": {"distribution": "untruncated_normal"}})");
  EXPECT_GT(moments(make(untruncated, {100, 300})).largest, 3 * deviation);
  const Item chosen = parse(R"({"module": "keras.initializers", "class_name": "HeNormal", "config": {"seed": 3},
                                "registered_name": null})");
  EXPECT_EQ(choose_initializer({{"class_name", chosen.type}, {"config", chosen.config}}), chosen);
}

TEST(ChooseInitializer, ErrorsSayWhatWouldBeRight) {
  const auto error = [](const Json& config) { return error_of([&] { choose_initializer(config); }); };
  EXPECT_EQ(error("he_norma"), "unknown initializer 'he_norma'; did you mean 'he_normal'?");
  EXPECT_NE(error(3).find("not 3"), std::string::npos);
  EXPECT_NE(error(Json::parse(R"({"class_name":"VarianceScaling","config":{"mode":"fan"}})")).find("fan_avg"),
            std::string::npos);
  EXPECT_NE(error(Json::parse(R"({"class_name":"Constant","config":{"value":"x"}})")).find("'value'"),
            std::string::npos);
}

}  // namespace
}  // namespace evenflow
