// The deterministic golden vectors of spec/theory, section 9: norms of every gradient in networks whose numbers come
// from SplitMix64.
#include "evenflow/health/probe_program.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "evenflow/base/threads.h"
#include "evenflow/error.h"
#include "evenflow/health.h"

namespace evenflow {
namespace {

class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
  double uniform() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return static_cast<double>(z >> 11) * 0x1p-53;
  }
  std::vector<float> numbers(std::int64_t count, double deviation) {
    std::vector<float> result;
    for (std::int64_t i = 0; i < count; ++i) {
      result.push_back(static_cast<float>((2 * uniform() - 1) * std::sqrt(3.0) * deviation));
    }
    return result;
  }

 private:
  std::uint64_t state_;
};

TEST(SplitMix64, IsTheGeneratorOfTheVectors) {
  SplitMix64 random(42);
  EXPECT_EQ(random.uniform(), 0.74156487877182331);
  EXPECT_EQ(random.uniform(), 0.1599103928769201);
}

struct Golden {
  const char* activation;
  double weight_variance;  // fan_in * Var(W)
  std::vector<double> delta;
  std::vector<double> weights;
};

const std::vector<Golden> kDense = {
    {"sigmoid",
     1,
     {7.635558090336e-03, 3.715249093154e-02, 1.259051036526e-01, 4.914515309281e-01, 1.757225169704e+00,
      8.504861642709e+00},
     {3.094945676251e-02, 1.058047033485e-01, 2.983732763436e-01, 1.001288901227e+00, 3.454101397459e+00,
      1.379762236657e+01}},
    {"tanh",
     1,
     {3.770981230612e+00, 6.148721717382e+00, 6.433713645246e+00, 6.793192129695e+00, 6.620849352816e+00,
      8.504861642709e+00},
     {1.541212611908e+01, 1.404695526402e+01, 1.282664011794e+01, 1.057934658743e+01, 8.402939983546e+00,
      1.052357815797e+01}},
    {"relu",
     2,
     {7.907151960665e+00, 6.112210326868e+00, 6.451346752199e+00, 7.974332177052e+00, 7.061672126028e+00,
      8.504861642709e+00},
     {3.227993831864e+01, 2.671075793050e+01, 2.294962084640e+01, 1.715308196258e+01, 1.887369984097e+01,
      2.654709975141e+01}},
    {"elu",
     1,
     {5.540072919943e+00, 5.704946486503e+00, 5.717407468946e+00, 6.071783479364e+00, 6.754795515786e+00,
      8.504861642709e+00},
     {2.304184135611e+01, 1.781130660775e+01, 1.578252554387e+01, 1.259525048809e+01, 1.100635503151e+01,
      1.183474368618e+01}},
    {"selu",
     1,
     {1.249544158963e+01, 1.217631022757e+01, 9.857523012338e+00, 8.166855039578e+00, 8.148269396121e+00,
      8.504861642709e+00},
     {5.194363234763e+01, 4.463811210143e+01, 3.908081029124e+01, 3.225616268022e+01, 2.962859965456e+01,
      3.199624482182e+01}},
    {"gelu",
     2,
     {7.882013149007e+00, 5.459301702547e+00, 4.197826251612e+00, 6.200331541467e+00, 6.281530989020e+00,
      8.504861642709e+00},
     {3.262210110030e+01, 2.253804557093e+01, 1.586804743891e+01, 1.566760872940e+01, 1.704137906809e+01,
      2.263045718543e+01}},
    {"silu",
     2,
     {5.308967447147e+00, 4.007043225644e+00, 3.344145306170e+00, 5.013646108445e+00, 5.807906894055e+00,
      8.504861642709e+00},
     {2.201947681376e+01, 1.430829882115e+01, 1.094660200254e+01, 9.945528207735e+00, 9.770927687489e+00,
      1.159215590773e+01}},
    {"leaky_relu",
     2,  // slope 0.3
     {1.604844042290e+01, 1.093932979045e+01, 8.355845620087e+00, 7.500794251471e+00, 7.574391790212e+00,
      8.504861642709e+00},
     {6.950456785484e+01, 4.758881893712e+01, 3.487182085579e+01, 2.710046861458e+01, 2.438151728700e+01,
      2.592135104208e+01}},
    {"softplus",
     1,
     {4.505837007773e-01, 6.840335594592e-01, 9.688994795939e-01, 1.956199238636e+00, 3.863766759647e+00,
      8.504861642709e+00},
     {1.838936986754e+00, 2.764190736909e+00, 3.160536755079e+00, 4.630907579461e+00, 1.069603145592e+01,
      2.440138795169e+01}},
};

// Linear -> normalization -> relu, 5 linear layers.
const Golden kBatchNormalization = {
    "BatchNormalization",
    2,
    {1.486138135313e+01, 1.574916939695e+01, 9.906233730007e+00, 1.048920461004e+01, 1.102887931059e+01},
    {6.085769507802e+01, 3.740763852926e+01, 2.442739879496e+01, 2.503510815815e+01, 3.333189376773e+01}};
const Golden kLayerNormalization = {
    "LayerNormalization",
    2,
    {8.063173963095e+00, 1.074685409127e+01, 1.095714140727e+01, 1.168985779721e+01, 1.102887931059e+01},
    {3.077996058571e+01, 2.837593360741e+01, 2.908893331208e+01, 3.875149484371e+01, 3.178467853867e+01}};

// 3 x 3 convolutions of images of 3 channels, zero-padded.
const Golden kConvolution = {"relu",
                             2,
                             {5.756131672651e+00, 6.667405164451e+00, 8.375847794268e+00, 1.473167086189e+01},
                             {2.781619009876e+01, 2.902101738520e+01, 2.673064091722e+01, 2.971156027170e+01}};

constexpr std::int64_t kWidth = 16;

Json activation_config(const std::string& name) {
  if (name == "leaky_relu") return {{"class_name", "LeakyReLU"}, {"config", {{"negative_slope", 0.3}}}};
  return name;
}

// What the networks are made of: layers with a kernel, all of one shape.
struct Stack {
  const char* type;
  Shape sample;
  Shape kernel;
  std::int64_t fan_in;
};
const Stack kDenseStack{"Dense", {kWidth}, {kWidth, kWidth}, kWidth};
const Stack kImageStack{"Conv2D", {3, 6, 6}, {3, 3, 3, 3}, 27};

// The vectors' kernels are (out, in, places), ours (places, in, out).
Tensor kernel_from(const std::vector<float>& numbers, const Shape& shape) {
  Tensor kernel(shape);
  const std::int64_t out = shape.back();
  const std::int64_t in = shape[shape.rank() - 2];
  const std::int64_t places = shape.count() / out / in;
  std::size_t next = 0;
  for (std::int64_t o = 0; o < out; ++o)
    for (std::int64_t i = 0; i < in; ++i)
      for (std::int64_t p = 0; p < places; ++p) kernel[(p * in + i) * out + o] = numbers[next++];
  return kernel;
}

// Fills x, the kernels of the path in order and the cotangent, runs, and compares.
void expect_golden(const Model& model, std::int64_t batch, const Golden& golden, const Stack& stack = kDenseStack) {
  set_threads(1);
  std::vector<char> has_kernel;
  for (const Layer& layer : model.layers) has_kernel.push_back(layer.type == stack.type);
  const Chain chain = find_chain(model, has_kernel);
  ASSERT_EQ(chain.path.size(), golden.delta.size());

  SplitMix64 random(7);
  const std::vector<float> x = random.numbers(batch * stack.sample.count(), 1);
  Weights weights = initialize(model, 0);  // gamma 1, everything else that is no kernel 0
  const double deviation = std::sqrt(golden.weight_variance / static_cast<double>(stack.fan_in));
  for (const std::size_t layer : chain.path) {
    weights.set(model.layers[layer].name + "/kernel",
                kernel_from(random.numbers(stack.kernel.count(), deviation), stack.kernel));
  }
  const std::vector<float> cotangent = random.numbers(batch * stack.sample.count(), 1);

  ProbeProgram program(model, chain, {.batch = batch, .at = model.layers.size() - 1});
  program.set_weights(weights);
  std::copy(x.begin(), x.end(), program.x().begin());
  std::copy(cotangent.begin(), cotangent.end(), program.y().begin());
  const std::vector<LayerMeasurement> measured = program.run(0);
  for (std::size_t l = 0; l < chain.path.size(); ++l) {
    const LayerMeasurement& m = measured[chain.path[l]];
    EXPECT_NEAR(std::pow(10.0, *m.pre_activation_norm) / golden.delta[l], 1, 2e-5)
        << golden.activation << " delta " << l + 1;
    EXPECT_NEAR(std::pow(10.0, *m.weight_gradient_norm) / golden.weights[l], 1, 2e-5)
        << golden.activation << " dW " << l + 1;
  }
}

TEST(ProbeProgram, GoldenDenseNetworks) {
  for (const Golden& golden : kDense) {
    std::vector<Layer> layers{Input{{kWidth}}};
    for (std::size_t l = 1; l <= golden.delta.size(); ++l) {
      const bool last = l == golden.delta.size();
      layers.push_back(layer(
          "Dense", {{"units", kWidth}, {"activation", last ? Json("linear") : activation_config(golden.activation)}}));
    }
    expect_golden(sequential(layers), 4, golden);
  }
}

TEST(ProbeProgram, GoldenNormalizedNetworks) {
  for (const Golden& golden : {kBatchNormalization, kLayerNormalization}) {
    std::vector<Layer> layers{Input{{kWidth}}};
    for (std::size_t l = 1; l <= golden.delta.size(); ++l) {
      layers.push_back(Dense{.units = kWidth});
      if (l == golden.delta.size()) break;
      layers.push_back(layer(golden.activation, {{"epsilon", 1e-5}}));
      layers.push_back(Activation{"relu"});
    }
    expect_golden(sequential(layers), 8, golden);
  }
}

TEST(ProbeProgram, GoldenConvolutions) {
  std::vector<Layer> layers{Input{{3, 6, 6}}};
  for (std::size_t l = 1; l <= kConvolution.delta.size(); ++l) {
    layers.push_back(layer("Conv2D", {{"filters", 3},
                                      {"kernel_size", 3},
                                      {"padding", "same"},
                                      {"data_format", "channels_first"},
                                      {"activation", l == kConvolution.delta.size() ? "linear" : "relu"}}));
  }
  expect_golden(sequential(layers), 2, kConvolution, kImageStack);
}

TEST(ProbeProgram, NamesMissingWeights) {
  const Model model = sequential({Input{{2}}, Dense{3}, Dense{1}});
  const Chain chain = find_chain(model, {0, 1, 1});
  ProbeProgram program(model, chain, {.batch = 1, .at = 2});
  try {
    program.set_weights(Weights{});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("dense/kernel"), std::string::npos) << error.what();
  }
}

TEST(Chain, GoesThroughTheMostKernelsAndFindsTheCuts) {
  //  x -> a -> b -> sum -> c,  with a also going to sum directly
  Model model;
  const auto add = [&](std::string type, std::string name, std::vector<LayerOutput> inputs,
                       Json config = Json::object()) {
    model.layers.push_back(
        {.type = std::move(type), .name = std::move(name), .config = std::move(config), .inputs = std::move(inputs)});
  };
  add("InputLayer", "x", {}, {{"batch_shape", {nullptr, 4}}});
  add("Dense", "a", {"x"}, {{"units", 4}});
  add("Dense", "b", {"a"}, {{"units", 4}});
  add("Add", "sum", {"a", "b"});
  add("Dense", "c", {"sum"}, {{"units", 1}});
  model.outputs = {"c"};
  model.sequential = false;
  const Chain chain = find_chain(model, {0, 1, 1, 0, 1});
  EXPECT_EQ(chain.layers, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(chain.path, (std::vector<std::size_t>{1, 2, 4}));
  EXPECT_EQ(chain.cut, (std::vector<char>{1, 1, 0, 1, 1}));
}

}  // namespace
}  // namespace evenflow
