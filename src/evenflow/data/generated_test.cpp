#include <cmath>

#include "evenflow/data/test_files.h"

namespace evenflow {
namespace {

using testing::error_of;
using testing::values;

float radius(const Tensor& x, std::int64_t i) {
  return std::hypot(x[2 * i], x[2 * i + 1]);
}

TEST(Generated, EverySetIsAFunctionOfItsOptions) {
  for (const Source* source : all_sources()) {
    if (!source->generated()) continue;
    const std::string id(source->id);
    const Dataset data = load_data(id);
    EXPECT_EQ(data.name, id);
    EXPECT_GE(data.samples(), 1000) << id;
    EXPECT_EQ(data.y.empty(), id == "gaussian") << id;
    EXPECT_EQ(load_data(fmt::format("{}:seed=0,samples={}", id, data.samples())).x, data.x) << id;
    EXPECT_FALSE(load_data(id + ":seed=1").x == data.x) << id;
    // The usage names every option with its default.
    EXPECT_EQ(load_data(std::string(source->usage)).x, data.x) << id;
    EXPECT_EQ(load_data(std::string(source->usage)).y, data.y) << id;
    const Dataset few = load_data(id + ":samples=10");
    EXPECT_EQ(few.x, data.x.rows(0, 10)) << id;
    if (data.classes == 0) continue;
    for (std::int64_t i = 0; i < data.y.count(); ++i) EXPECT_EQ(data.y[i], static_cast<float>(i % data.classes)) << id;
  }
}

TEST(Generated, CirclesLieOnTheirRings) {
  const Dataset data = load_data("circles:noise=0,factor=0.25,samples=100");
  EXPECT_EQ(data.classes, 2);
  for (std::int64_t i = 0; i < 100; ++i) EXPECT_NEAR(radius(data.x, i), data.y[i] == 0 ? 1.0f : 0.25f, 1e-6f);
  // The deviation of 2,000 coordinates from the ring is the noise.
  const Dataset noisy = load_data("circles:noise=0.1");
  double sum = 0;
  for (std::int64_t i = 0; i < 1000; ++i) sum += std::pow(radius(noisy.x, i) - (noisy.y[i] == 0 ? 1.0 : 0.5), 2);
  EXPECT_NEAR(std::sqrt(sum / 1000), 0.1, 0.01);
}

TEST(Generated, MoonsLieOnTheirHalfCircles) {
  const Dataset data = load_data("moons:noise=0,samples=100");
  for (std::int64_t i = 0; i < 100; ++i) {
    const float x = data.x[2 * i];
    const float y = data.x[2 * i + 1];
    if (data.y[i] == 0) {
      EXPECT_NEAR(std::hypot(x, y), 1, 1e-6);
      EXPECT_GE(y, 0);
    } else {
      EXPECT_NEAR(std::hypot(x - 1, y - 0.5), 1, 1e-6);
      EXPECT_LE(y, 0.5);
    }
  }
}

TEST(Generated, SpiralsWindAsOftenAsTold) {
  const Dataset data = load_data("spirals:noise=0,classes=3,turns=2,samples=300");
  EXPECT_EQ(data.classes, 3);
  for (std::int64_t i = 0; i < 300; ++i) {
    const double turn =
        std::atan2(data.x[2 * i + 1], data.x[2 * i]) / (2 * M_PI) - data.y[i] / 3.0 - 2.0 * radius(data.x, i);
    EXPECT_NEAR(turn, std::round(turn), 1e-5) << i;
  }
}

TEST(Generated, BlobsSurroundTheirCenters) {
  const Dataset centers = load_data("blobs:deviation=0,centers=4,features=5,samples=40");
  EXPECT_EQ(centers.x.shape(), Shape({40, 5}));
  EXPECT_EQ(centers.classes, 4);
  EXPECT_EQ(centers.x.rows(0, 4), centers.x.rows(36, 40));
  for (const float value : centers.x.values()) EXPECT_LE(std::abs(value), 10.0f);
  const Dataset cloud = load_data("blobs:deviation=0.5,centers=1,samples=4000");
  const Dataset middle = load_data("blobs:deviation=0,centers=1,samples=1");
  double sum = 0;
  for (std::int64_t i = 0; i < 8000; ++i) sum += std::pow(cloud.x[i] - middle.x[i % 2], 2);
  EXPECT_NEAR(std::sqrt(sum / 8000), 0.5, 0.02);
}

TEST(Generated, GaussianHasTargetsOnlyWhenAskedFor) {
  const Dataset data = load_data("gaussian");
  EXPECT_EQ(data.x.shape(), Shape({1000, 64}));
  EXPECT_TRUE(data.y.empty());
  double sum = 0;
  double squares = 0;
  for (const float value : data.x.values()) {
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / 64000, 0, 0.02);  // 5 standard errors
  EXPECT_NEAR(squares / 64000, 1, 0.03);
  const Dataset labelled = load_data("gaussian:classes=5");
  EXPECT_EQ(labelled.x, data.x);
  EXPECT_EQ(labelled.classes, 5);
  EXPECT_EQ(count_classes(labelled.y), 5);
}

TEST(Generated, WrongOptionsAreUsageErrors) {
  for (const char* spec : {"circles:samples=0",
                           "circles:samples=1e3x",
                           "circles:noise=-1",
                           "circles:factor=1",
                           "moons:noise=nan",
                           "blobs:centers=0",
                           "blobs:features=0",
                           "gaussian:classes=-1",
                           "spirals:turns=inf",
                           "moons:seed=-1",
                           "gaussian:samples=1000000000,features=1000000",
                           "circles:samples",
                           "circles:=3",
                           "circles:noise=1,noise=2",
                           "adding:T=1",
                           "adding:T=100000000",
                           "copy:T=0",
                           "sine:period=0",
                           "sine:window=0",
                           "mackey_glass:tau=0",
                           "mackey_glass:horizon=5000000000"}) {
    EXPECT_FALSE(error_of(ErrorKind::usage, [&] { load_data(spec); }).empty()) << spec;
  }
  const std::string message = error_of(ErrorKind::usage, [] { load_data("moons:factor=0.3"); });
  EXPECT_NE(message.find("unknown option 'factor'; the set takes moons:samples=1000,noise=0.1,seed=0"),
            std::string::npos)
      << message;
}

}  // namespace
}  // namespace evenflow
