#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "evenflow/base/random.h"
#include "evenflow/base/threads.h"
#include "evenflow/error.h"
#include "evenflow/format.h"
#include "evenflow/health.h"

namespace evenflow {
namespace {

// ---- The dense grid of spec/theory, section 7.1: n = 128, batch 64, x and cotangent N(0, 1), linear last layer

struct Row {
  const char* id;
  const char* activation;
  const char* initializer;
  int layers;
  double mean;  // of R_delta over `seeds` networks
  double deviation;
  int seeds;
};

constexpr Row kRows[] = {
    {"A01", "sigmoid", "glorot_uniform", 10, -5.693, 0.022, 100},
    {"A02", "sigmoid", "glorot_uniform", 30, -18.244, 0.055, 100},
    {"A03", "sigmoid", "glorot_uniform", 100, -62.207, 0.157, 40},
    {"A05", "sigmoid", "he_normal", 30, -14.540, 0.058, 100},
    {"A09", "sigmoid", "N(0,0.05)", 100, -85.056, 0.142, 40},
    {"A14", "sigmoid", "orthogonal", 30, -18.233, 0.006, 100},
    {"A19", "tanh", "glorot_uniform", 10, -0.549, 0.020, 100},
    {"A20", "tanh", "glorot_uniform", 30, -0.808, 0.039, 100},
    {"A21", "tanh", "glorot_uniform", 100, -1.102, 0.131, 40},
    {"A29", "tanh", "N(0,1)", 30, +11.368, 0.253, 100},
    {"A37", "relu", "he_normal", 10, -0.013, 0.045, 100},
    {"A38", "relu", "he_normal", 30, -0.024, 0.097, 100},
    {"A39", "relu", "he_normal", 100, -0.155, 0.262, 40},
    {"A41", "relu", "glorot_uniform", 30, -4.404, 0.106, 100},
    {"A44", "relu", "N(0,0.05)", 30, -11.564, 0.097, 100},
    {"A47", "relu", "U(0.05)", 30, -18.498, 0.106, 100},
    {"A50", "relu", "N(0,1)", 30, +26.165, 0.097, 100},
    {"A53", "relu", "orthogonal", 30, -4.386, 0.093, 100},
    {"A56", "relu", "torch_default", 30, -11.322, 0.106, 100},
    {"A68", "elu", "glorot_uniform", 30, -1.003, 0.037, 100},
    {"A71", "elu", "he_normal", 30, +0.835, 0.062, 100},
    {"A74", "selu", "lecun_normal", 30, +0.457, 0.036, 100},
    {"A80", "gelu", "glorot_uniform", 30, -8.410, 0.058, 100},
    {"A89", "silu", "glorot_uniform", 30, -8.566, 0.054, 100},
    {"A95", "softplus", "glorot_uniform", 30, -7.812, 0.122, 100},
    {"A107", "linear", "glorot_uniform", 30, -0.010, 0.053, 100},
};

Json initializer(const std::string& name) {
  if (name == "N(0,0.05)") return {{"class_name", "RandomNormal"}, {"config", {{"stddev", 0.05}}}};
  if (name == "N(0,1)") return {{"class_name", "RandomNormal"}, {"config", {{"stddev", 1.0}}}};
  if (name == "U(0.05)") return {{"class_name", "RandomUniform"}, {"config", {{"minval", -0.05}, {"maxval", 0.05}}}};
  if (name == "torch_default") {
    return {{"class_name", "VarianceScaling"},
            {"config", {{"scale", 1.0 / 3}, {"mode", "fan_in"}, {"distribution", "uniform"}}}};
  }
  return name;
}

SavedModel deep(const std::string& activation, const std::string& kernels, int layers, int width = 128) {
  std::vector<Layer> list{Input{{width}}};
  for (int l = 1; l <= layers; ++l) {
    list.push_back(layer("Dense", {{"units", width},
                                   {"activation", l < layers ? activation : "linear"},
                                   {"kernel_initializer", initializer(kernels)}}));
  }
  SavedModel saved{.model = sequential(list)};
  saved.model.compile = CompileSettings{.optimizer = SGD{}};
  return saved;
}

class Probe : public testing::Test {
 protected:
  Probe() { set_threads(1); }
};

TEST_F(Probe, ReproducesTheDenseGrid) {
  for (const Row& row : kRows) {
    const int draws = row.layers == 100 ? 2 : 4;
    const Trace trace = probe(deep(row.activation, row.initializer, row.layers),
                              {.batch_size = 64, .batches = 1, .redraws = draws, .seed = 11});
    // The acceptance rule of section 0 with as many draws as are made here.
    const double tolerance = 4 * row.deviation * std::sqrt(1.0 / draws + 1.0 / row.seeds) + 0.02;
    EXPECT_NEAR(trace.total_decades.mean, row.mean, tolerance)
        << row.id << " " << row.activation << " " << row.initializer;
    EXPECT_EQ(trace.dead_redraws, 0) << row.id;
  }
}

TEST_F(Probe, MeasuresUpToTheLayerWhereTheForwardPassOverflows) {
  // A51: +89 decades over 100 layers, +0.903 per layer; float32 ends after about 42.
  const Trace trace = probe(deep("relu", "N(0,1)", 60), {.batch_size = 64, .batches = 1, .redraws = 1});
  EXPECT_NEAR(trace.decades_per_layer.mean, 0.903, 0.03);
  EXPECT_GT(trace.total_decades.mean, 33);
  EXPECT_EQ(trace.layers[30].non_finite, 0);
  EXPECT_GT(trace.layers[60].non_finite, 0);
  EXPECT_FALSE(trace.layers[60].pre_activation_norm);
  const std::vector<Finding> findings = examine(trace);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].rule, "exploding-gradient");
  EXPECT_EQ(findings[0].severity, Severity::error);
}

TEST_F(Probe, PredictsAndExpectsWhatTheoryDoes) {
  const Trace trace = probe(deep("relu", "he_normal", 30), {.batch_size = 64, .batches = 1, .redraws = 1});
  EXPECT_NEAR(trace.expected_deviation, 0.231, 0.02);  // section 1.12
  ASSERT_TRUE(trace.predicted_decades);
  EXPECT_NEAR(*trace.predicted_decades, 0, 0.05);
  EXPECT_EQ(trace.protocol, "cotangent");
  EXPECT_EQ(trace.path.size(), 30u);
  EXPECT_EQ(trace.layers[1].initializer, "he_normal");
}

double ledger_sum(const Trace& trace) {
  double sum = 0;
  bool between = false;
  for (const std::size_t index : trace.chain) {
    const LayerTrace& layer = trace.layers[index];
    if (between) sum += layer.weight_decades.value_or(0);
    if (index == trace.path.front()) between = true;
    if (index == trace.path.back()) break;
    if (between) sum += layer.slope_decades.value_or(0);
  }
  return sum;
}

TEST_F(Probe, TheLedgerSumsUpToTheTotal) {
  EXPECT_NEAR(ledger_sum(probe(deep("tanh", "he_normal", 12, 32), {.redraws = 3})),
              probe(deep("tanh", "he_normal", 12, 32), {.redraws = 3}).total_decades.mean, 1e-9);
  SavedModel mixed{
      .model = sequential({Input{{8, 8, 2}},
                           Conv2D{.filters = 6, .kernel_size = {3}, .padding = "same", .activation = "relu"},
                           BatchNormalization{}, MaxPooling2D{}, Conv2D{.filters = 4, .kernel_size = {3}},
                           Activation{"tanh"}, Flatten{}, Dropout{0.3}, Dense{10, "elu"}, Dense{3, "softmax"}})};
  mixed.weights = initialize(mixed.model, 3);
  const Trace trace = probe(mixed, {});
  EXPECT_EQ(trace.path.size(), 4u);
  EXPECT_NEAR(ledger_sum(trace), trace.total_decades.mean, 1e-9);
  EXPECT_TRUE(trace.layers[2].weight_decades);  // batch normalization has a gain
  EXPECT_FALSE(trace.layers[2].slope_decades);
  EXPECT_TRUE(trace.predicted_decades);
  EXPECT_FALSE(trace.doubts.empty());  // of pooling
}

TEST_F(Probe, SlopesAreThoseOfTheActivation) {
  const Trace trace = probe(deep("sigmoid", "glorot_uniform", 10), {.batch_size = 64, .redraws = 2});
  // Spec/theory, section 1.8: q* = 0.264687, chi = 0.0557207 = E[f'^2]; the slope loses half its logarithm.
  // 128 units and hardly any difference between samples: the spread of a mean over 2 draws is 0.0007.
  EXPECT_NEAR(*trace.layers[8].mean_square_slope, 0.0557, 0.003);
  EXPECT_NEAR(*trace.layers[8].slope_decades, 0.5 * std::log10(*trace.layers[8].mean_square_slope), 0.01);
  EXPECT_NEAR(*trace.layers[8].weight_decades, 0, 0.05);
  EXPECT_NEAR(*trace.layers[8].second_moment, 0.2647, 0.02);
  EXPECT_FALSE(trace.layers[8].dead);
}

TEST_F(Probe, DeadUnitsAsExpectedOfDeepRelu) {
  // Rows X67 to X70: none in layer 1, 17 % in layer 10, 28 % in layer 20.
  const Trace trace = probe(deep("relu", "he_normal", 30), {.batch_size = 64, .batches = 1, .redraws = 6});
  EXPECT_LT(*trace.layers[1].dead, 0.005);
  EXPECT_NEAR(*trace.layers[10].dead, 0.169, 0.09);
  EXPECT_NEAR(*trace.layers[20].dead, 0.279, 0.11);
}

TEST_F(Probe, ANetworkThatIsDeadHasNoGradient) {
  SavedModel saved = deep("relu", "he_normal", 5, 16);
  saved.weights = initialize(saved.model, 1);
  for (float& bias : saved.weights.at("dense_2/bias").values()) bias = -1e6f;
  const Trace trace = probe(saved, {});
  EXPECT_EQ(*trace.layers[3].dead, 1);
  EXPECT_LE(*trace.layers[1].pre_activation_norm, kZeroNorm);
  const std::vector<Finding> findings = examine(trace);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].rule, "vanishing-gradient");
  EXPECT_EQ(findings[0].cause.front().factor, "dead units in dense_2");
}

// ---- With data

Dataset line(std::int64_t samples) {
  Dataset data{.name = "line", .x = Tensor({samples, 3}), .y = Tensor({samples, 1})};
  Random random(5);
  for (std::int64_t i = 0; i < samples; ++i) {
    for (std::int64_t j = 0; j < 3; ++j) data.x[3 * i + j] = static_cast<float>(random.normal());
    data.y[i] = 2 * data.x[3 * i] - data.x[3 * i + 1];
  }
  return data;
}

SavedModel one_layer(const Item& optimizer) {
  SavedModel saved{.model = sequential({Input{{3}}, Dense{.units = 1, .use_bias = false}})};
  saved.model.compile = CompileSettings{.optimizer = optimizer, .loss = {"mean_squared_error"}, .metrics = {{"mae"}}};
  saved.weights.set("dense/kernel", Tensor({3, 1}, {0.5f, 0.25f, -1.0f}));
  return saved;
}

struct Exact {
  double loss = 0;
  double gradient = 0;  // norm
};

Exact exact(const Dataset& data, const Tensor& kernel) {
  Exact result;
  double g[3] = {0, 0, 0};
  const std::int64_t n = data.samples();
  for (std::int64_t i = 0; i < n; ++i) {
    double error = -static_cast<double>(data.y[i]);
    for (int j = 0; j < 3; ++j) error += static_cast<double>(data.x[3 * i + j]) * static_cast<double>(kernel[j]);
    result.loss += error * error / static_cast<double>(n);
    for (int j = 0; j < 3; ++j) g[j] += 2 * error * static_cast<double>(data.x[3 * i + j]) / static_cast<double>(n);
  }
  result.gradient = std::sqrt(g[0] * g[0] + g[1] * g[1] + g[2] * g[2]);
  return result;
}

TEST_F(Probe, LossGradientAndUpdateByHand) {
  const Dataset data = line(20);
  const SavedModel saved = one_layer(SGD{.learning_rate = 0.1});
  const Exact expected = exact(data, saved.weights.at("dense/kernel"));
  const Trace trace = probe(saved, {.data = &data, .batch_size = 32, .batches = 4});
  EXPECT_EQ(trace.protocol, "loss");
  EXPECT_EQ(trace.batch_size, 20);
  EXPECT_EQ(trace.batches, 1);
  EXPECT_NEAR(trace.loss_value, expected.loss, 1e-5 * expected.loss);
  EXPECT_NEAR(*trace.layers[1].weight_gradient_norm, std::log10(expected.gradient), 1e-5);
  const double weights = std::sqrt(0.25 + 0.0625 + 1.0);
  EXPECT_NEAR(*trace.layers[1].weight_norm, std::log10(weights), 1e-6);
  EXPECT_NEAR(*trace.layers[1].update_ratio, 0.1 * expected.gradient / weights, 1e-5);
}

TEST_F(Probe, ClippingAndAdaptiveOptimizersChangeTheUpdate) {
  const Dataset data = line(20);
  const double weights = std::sqrt(0.25 + 0.0625 + 1.0);
  const auto ratio = [&](const Item& optimizer) {
    return *probe(one_layer(optimizer), {.data = &data}).layers[1].update_ratio;
  };
  EXPECT_NEAR(ratio(SGD{.learning_rate = 0.1, .clipnorm = 0.01}), 0.1 * 0.01 / weights, 1e-6);
  EXPECT_NEAR(ratio(SGD{.learning_rate = 0.1, .global_clipnorm = 0.01}), 0.1 * 0.01 / weights, 1e-6);
  EXPECT_NEAR(ratio(SGD{.learning_rate = 0.1, .clipvalue = 0.001}), 0.1 * 0.001 * std::sqrt(3.0) / weights, 1e-6);
  EXPECT_NEAR(ratio(Adam{}), 0.001 * std::sqrt(3.0) / weights, 1e-6);
}

TEST_F(Probe, PenaltiesAreNoPartOfTheFlow) {
  const Dataset data = line(20);
  SavedModel plain = one_layer(SGD{});
  SavedModel penalized = plain;
  penalized.model.layers[1].config["kernel_regularizer"] = {{"class_name", "L2"}, {"config", {{"l2", 10.0}}}};
  EXPECT_EQ(probe(penalized, {.data = &data}).layers, probe(plain, {.data = &data}).layers);
}

TEST_F(Probe, SameSeedSameTraceAndWeightsStay) {
  SavedModel saved = deep("relu", "he_normal", 6, 16);
  saved.model = sequential({Input{{16}}, Dense{16, "relu"}, BatchNormalization{}, Dropout{0.5}, Dense{1}});
  saved.weights = initialize(saved.model, 4);
  const Weights before = saved.weights;
  const Trace trace = probe(saved, {.seed = 3});
  EXPECT_EQ(probe(saved, {.seed = 3}), trace);
  EXPECT_NE(probe(saved, {.seed = 4}).layers, trace.layers);
  EXPECT_EQ(saved.weights, before);
}

TEST_F(Probe, FrozenLayersHaveNoUpdate) {
  SavedModel saved = deep("relu", "he_normal", 4, 16);
  saved.model.layers[2].trainable = false;
  saved.weights = initialize(saved.model, 4);
  const Trace trace = probe(saved, {});
  EXPECT_FALSE(trace.layers[2].trainable);
  EXPECT_FALSE(trace.layers[2].update_ratio);
  EXPECT_TRUE(trace.layers[2].weight_gradient_norm);
  EXPECT_TRUE(trace.layers[1].update_ratio);
}

TEST_F(Probe, ResidualBranchesAreMeasuredBeyondFloat32) {
  // Blocks x + f(x) of a sigmoid network keep the gradient; the plain way through f alone would lose 30 decades.
  Model model;
  model.layers.push_back({.type = "InputLayer", .name = "x", .config = {{"batch_shape", {nullptr, 32}}}});
  std::string last = "x";
  for (int block = 0; block < 50; ++block) {
    const std::string branch = "branch" + std::to_string(block);
    const std::string sum = "sum" + std::to_string(block);
    model.layers.push_back(
        {.type = "Dense", .name = branch, .config = {{"units", 32}, {"activation", "sigmoid"}}, .inputs = {last}});
    model.layers.push_back({.type = "Add", .name = sum, .inputs = {last, branch}});
    last = sum;
  }
  model.outputs = {last};
  model.sequential = false;
  SavedModel saved{.model = model, .weights = initialize(model, 2)};
  const Trace trace = probe(saved, {});
  EXPECT_EQ(trace.path.size(), 50u);
  EXPECT_LT(std::abs(trace.total_decades.mean), 3);
}

TEST_F(Probe, WrongUseIsExplained) {
  const Dataset data = line(20);
  const auto message = [](const SavedModel& saved, const ProbeOptions& options) -> std::string {
    try {
      probe(saved, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const SavedModel saved = one_layer(SGD{});
  EXPECT_NE(message(saved, {.batch_size = 0}).find("batch size"), std::string::npos);
  EXPECT_NE(message(saved, {.batches = 0}).find("batches"), std::string::npos);
  EXPECT_NE(message(saved, {.redraws = -1}).find("redraws"), std::string::npos);
  EXPECT_NE(message(deep("relu", "he_normal", 2, 16), {.data = &data}).find("(16)"), std::string::npos);
  EXPECT_NE(message({.model = saved.model}, {}).find("dense/kernel"), std::string::npos);
  const Dataset empty{.name = "nothing"};
  EXPECT_NE(message(saved, {.data = &empty}).find("no samples"), std::string::npos);
}

// ---- Real files, where they are

class RealModels : public Probe {
 protected:
  static inline const std::filesystem::path kShared = std::filesystem::path(EVENFLOW_SOURCE_DIR) / "../shared";

  static Trace check(const char* file, const char* data, const Item& optimizer, const char* loss) {
    SavedModel saved = load_model(kShared / "models" / file);
    if (!saved.model.compile) saved.model.compile = CompileSettings{.optimizer = optimizer, .loss = {loss}};
    const Dataset set = fit_to_model(load_data((kShared / "data" / data).string()), saved.model);
    return probe(saved, {.data = &set});
  }
};

TEST_F(RealModels, PublishedCases) {
  if (!std::filesystem::exists(kShared / "models")) GTEST_SKIP() << "no real models in " << kShared;
  const Trace sigmoid = check("circle_sigmoid8_vanishing.h5", "circle.npz", Adam{}, "binary_crossentropy");
  const std::vector<Finding> findings = examine(sigmoid);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].rule, "vanishing-gradient");
  EXPECT_EQ(findings[0].severity, Severity::error) << findings[0].message;  // its authors: it fails to train
  EXPECT_EQ(findings[0].cause.front().factor, "sigmoid's slope");
  // What else is said is the same illness seen from the signal's and from float16's side.
  for (const Finding& other : std::span(findings).subspan(1))
    EXPECT_TRUE(other.rule == "signal-collapse" || other.rule == "numeric-range")
        << other.rule << ": " << other.message;

  const Item momentum = SGD{.learning_rate = 0.01, .momentum = 0.9};
  // Its authors: the loss oscillates. The gradients flow; the steps are too long.
  for (const Finding& finding :
       examine(check("blob_relu50_oscillating.h5", "blob.npz", momentum, "categorical_crossentropy"))) {
    EXPECT_EQ(finding.rule, "update-ratio") << finding.message;
  }
}

// ---- Models as they are

bool gets_gradient(const Trace& trace, std::string_view layer) {
  for (const LayerTrace& one : trace.layers) {
    if (one.name == layer) return one.backward_norm.has_value();
  }
  return false;
}

TEST_F(Probe, EveryGoldenModelIsMeasured) {
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(EVENFLOW_SOURCE_DIR "/tests/golden/keras")) {
    const std::string name = entry.path().filename();
    if (!name.ends_with(".keras") || name.starts_with("unsupported")) continue;
    ++models;
    const SavedModel saved = load_model(entry.path());
    const Trace trace = probe(saved, {.batch_size = 8, .batches = 1});
    for (const LayerTrace& layer : trace.layers) {
      EXPECT_EQ(layer.non_finite, 0) << name << ": " << layer.name;
      EXPECT_TRUE(layer.second_moment) << name << ": " << layer.name;
    }
    for (const Finding& finding : examine(trace)) EXPECT_NE(finding.rule, "detached") << name;
  }
  EXPECT_GT(models, 10);
}

TEST_F(Probe, ModelsOfTokensGetTokens) {
  SavedModel saved{
      .model = sequential({Input{{6}}, layer("Embedding", {{"input_dim", 50}, {"output_dim", 8}, {"mask_zero", true}}),
                           Flatten{}, Dense{4, "relu"}, Dense{1}})};
  saved.weights = initialize(saved.model, 1);
  const Trace trace = probe(saved, {});
  EXPECT_EQ(trace.data, "random tokens");
  EXPECT_TRUE(gets_gradient(trace, "embedding"));
  EXPECT_GT(trace.layers[0].second_moment.value_or(0), 300);  // of 1 to 49: 833 in the mean
  EXPECT_LT(trace.layers[0].second_moment.value_or(0), 2401);
}

TEST_F(Probe, EveryOutputWithALossSendsAGradientBack) {
  SavedModel saved{.model = sequential({Input{{4}}, Dense{8, "relu"}, Dense{2}})};
  Layer side = Dense{.units = 3, .name = "side"};
  side.inputs = {"dense"};
  saved.model.layers.push_back(side);
  saved.model.outputs = {"dense_1", "side"};
  saved.model.sequential = false;
  saved.weights = initialize(saved.model, 1);
  EXPECT_TRUE(gets_gradient(probe(saved, {}), "side"));  // not compiled: all outputs count

  const Item loss{"mean_squared_error"};
  saved.model.compile = CompileSettings{.outputs = {{.loss = loss}, {.loss = loss, .weight = 0.5}}};
  EXPECT_TRUE(gets_gradient(probe(saved, {}), "side"));
  EXPECT_TRUE(gets_gradient(probe(saved, {}), "dense_1"));
  saved.model.compile->outputs[1].weight = 0;
  EXPECT_FALSE(gets_gradient(probe(saved, {}), "side"));
  saved.model.compile->outputs[1] = {};
  EXPECT_FALSE(gets_gradient(probe(saved, {}), "side"));
}

}  // namespace
}  // namespace evenflow
