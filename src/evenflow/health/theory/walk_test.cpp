// Theory against its own tables (tests/golden/theory.tsv, from simulations in double precision): what is predicted to
// the stated exactness; and this library's networks, drawn twenty times, within the stated tolerance. All simulations
// with EVENFLOW_FULL_TESTS set, a few otherwise.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "evenflow/health.h"
#include "evenflow/health/theory/recurrent.h"

namespace evenflow {
namespace {

struct Row {
  std::string id;
  std::string experiment;
  std::optional<double> theory;
  double mean = 0;
  double deviation = 0;
  double tolerance = 0;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> rows = [] {
    std::vector<Row> result;
    std::ifstream file(std::string(EVENFLOW_SOURCE_DIR) + "/tests/golden/theory.tsv");
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
      std::vector<std::string> cells;
      std::istringstream stream(line);
      for (std::string cell; std::getline(stream, cell, '\t');) cells.push_back(cell);
      Row row{.id = cells[0], .experiment = cells[1], .mean = std::stod(cells[3])};
      if (!cells[2].empty()) row.theory = std::stod(cells[2]);
      row.deviation = std::stod(cells[4]);
      row.tolerance = std::stod(cells[6]);
      result.push_back(row);
    }
    return result;
  }();
  return rows;
}

bool full() {
  const char* value = std::getenv("EVENFLOW_FULL_TESTS");
  return value != nullptr && *value != '\0';
}

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) result.push_back(word);
  return result;
}

// The number behind "L=" and the like; `otherwise` when there is none.
double number_after(const std::string& text, const std::string& key, double otherwise) {
  const std::size_t at = text.find(key);
  return at == std::string::npos ? otherwise : std::stod(text.substr(at + key.size()));
}

Json activation_config(const std::string& name) {
  const std::size_t at = name.find_first_of("(:");
  const std::string base = name.substr(0, at);
  if (base == "elu") return "elu";
  if (at != std::string::npos) {
    return {{"class_name", base}, {"config", {{"negative_slope", std::stod(name.substr(at + 1))}}}};
  }
  if (base == "hard_sigmoid_k3") return "hard_sigmoid";
  return base;
}

Json initializer_config(const std::string& name) {
  const auto object = [](const char* type, Json config) { return Json{{"class_name", type}, {"config", config}}; };
  if (name == "N(0,0.05)") return object("RandomNormal", {{"stddev", 0.05}});
  if (name == "N(0,1)") return object("RandomNormal", {{"stddev", 1.0}});
  if (name == "U(0.05)" || name == "U(-0.05,0.05)")
    return object("RandomUniform", {{"minval", -0.05}, {"maxval", 0.05}});
  if (name == "torch_default") {
    return object("VarianceScaling", {{"scale", 1.0 / 3}, {"mode", "fan_in"}, {"distribution", "uniform"}});
  }
  if (name == "he_fan_out") {
    return object("VarianceScaling", {{"scale", 2.0}, {"mode", "fan_out"}, {"distribution", "untruncated_normal"}});
  }
  if (name == "glorot") return "glorot_uniform";
  return name;
}

// Builds models layer by layer.
class Builder {
 public:
  explicit Builder(std::vector<std::int64_t> shape, int keras_major = 3) {
    model_.sequential = false;
    model_.keras.major = keras_major;
    Layer input = Input{std::move(shape)};
    input.name = "input";
    model_.layers.push_back(input);
    last_ = "input";
  }
  std::string add(const std::string& type, Json config, std::vector<std::string> inputs = {}) {
    Layer layer{.type = type, .name = type + std::to_string(model_.layers.size()), .config = std::move(config)};
    if (inputs.empty()) inputs = {last_};
    for (const std::string& input : inputs) layer.inputs.emplace_back(input);
    last_ = layer.name;
    model_.layers.push_back(std::move(layer));
    return last_;
  }
  void dense(std::int64_t units, const std::string& activation, const Json& initializer, double gain = 1) {
    Json kernel = initializer;
    if (gain != 1) {  // of the standard deviation of he_normal or glorot_uniform
      const double scale = initializer == "he_normal" ? 2 : 1;
      kernel = {
          {"class_name", "VarianceScaling"},
          {"config", {{"scale", scale * gain * gain}, {"mode", "fan_in"}, {"distribution", "untruncated_normal"}}}};
    }
    add("Dense", {{"units", units}, {"activation", activation_config(activation)}, {"kernel_initializer", kernel}});
  }
  const std::string& last() const { return last_; }
  Model done() {
    model_.outputs = {last_};
    return model_;
  }

 private:
  Model model_;
  std::string last_;
};

double simulate(const Model& model, int batch_size, int redraws = 20) {
  const Trace trace = probe({.model = model, .weights = initialize(model, 1)},
                            {.batch_size = batch_size, .batches = 1, .redraws = redraws, .seed = 1});
  return trace.total_decades.mean;
}

double predict(const Model& model, std::int64_t batch_size = 0) {
  return predict_flow(model, {.batch_size = batch_size}).total_decades;
}

Model dense_model(const std::string& activation, const std::string& initializer, int layers) {
  Builder builder({128}, activation == "hard_sigmoid_k2" ? 2 : 3);
  const std::string name = activation == "hard_sigmoid_k2" ? "hard_sigmoid" : activation;
  for (int i = 0; i < layers; ++i) {
    builder.dense(128, i + 1 == layers ? "linear" : name, initializer_config(initializer));
  }
  return builder.done();
}

TEST(PredictFlow, DenseGrid) {
  for (const Row& row : rows()) {
    if (row.id[0] != 'A') continue;
    const std::vector<std::string> w = words(row.experiment);
    const Model model = dense_model(w[0], w[1], std::stoi(w[2]));
    EXPECT_NEAR(predict(model), *row.theory, 0.002) << row.id << " " << row.experiment;
    const bool fast = row.id == "A01" || row.id == "A37" || row.id == "A70";
    if (fast || full()) {
      EXPECT_NEAR(simulate(model, 64), row.mean, row.tolerance) << row.id << " " << row.experiment;
    }
  }
}

TEST(PredictFlow, Dropout) {
  for (const Row& row : rows()) {
    if (row.id[0] != 'D') continue;
    const std::vector<std::string> w = words(row.experiment);
    const int layers = static_cast<int>(number_after(row.experiment, "L=", 0));
    Builder builder({128});
    for (int i = 0; i + 1 < layers; ++i) {
      builder.dense(128, w[2], w[3], number_after(row.experiment, "gain=", 1));
      builder.add("Dropout", {{"rate", 1 - number_after(row.experiment, "keep=", 1)}});
    }
    builder.dense(128, "linear", w[3], number_after(row.experiment, "gain=", 1));
    const Model model = builder.done();
    // Gains are printed with four digits.
    EXPECT_NEAR(predict(model), *row.theory, 0.004) << row.id << " " << row.experiment;
    if (row.id == "D13" || full()) {
      EXPECT_NEAR(simulate(model, 64), row.mean, row.tolerance) << row.id << " " << row.experiment;
    }
  }
}

TEST(PredictFlow, WidthsThatChange) {
  const std::map<std::string, std::vector<int>> widths = {
      {"512->28", {512, 384, 288, 216, 162, 121, 91, 68, 51, 38, 28}},
      {"28->512", {28, 38, 51, 68, 91, 121, 162, 216, 288, 384, 512}},
      {"128/512", {128, 512, 128, 512, 128, 512, 128, 512, 128, 512, 128}},
  };
  for (const Row& row : rows()) {
    if (row.id[0] != 'F' || row.experiment.find("R_delta") == std::string::npos) continue;
    if (row.experiment.find("rms") != std::string::npos) continue;
    const std::vector<std::string> w = words(row.experiment);
    const std::size_t at = w[2] == "x0.75" || w[2] == "zigzag" ? 3 : 2;
    const std::vector<int>& n = widths.at(w[1]);
    Builder builder({n[0]});
    for (std::size_t i = 1; i < n.size(); ++i) {
      builder.dense(n[i], i + 1 == n.size() ? "linear" : w[at], initializer_config(w[at + 1]));
    }
    const Model model = builder.done();
    EXPECT_NEAR(predict(model), *row.theory, 0.002) << row.id << " " << row.experiment;
    if (row.id == "F09" || full()) {
      EXPECT_NEAR(simulate(model, 64), row.mean, row.tolerance) << row.id << " " << row.experiment;
    }
  }
}

TEST(PredictFlow, ConvolutionWithZeroPadding) {
  for (const Row& row : rows()) {
    if (row.id[0] != 'C' || row.experiment.find("zero-pad") == std::string::npos) continue;
    const std::vector<std::string> w = words(row.experiment);
    const auto side = static_cast<std::int64_t>(std::stoi(w[3]));
    const int layers = static_cast<int>(number_after(row.experiment, "L=", 0));
    Builder builder({side, side, 32});
    for (int i = 0; i < layers; ++i) {
      builder.add("Conv2D", {{"filters", 32},
                             {"kernel_size", 3},
                             {"padding", "same"},
                             {"activation", i + 1 == layers ? "linear" : w[1]},
                             {"kernel_initializer", w[2]}});
    }
    const Model model = builder.done();
    EXPECT_NEAR(predict(model), *row.theory, 0.002) << row.id << " " << row.experiment;
    if (row.id == "C01" || full()) {
      EXPECT_NEAR(simulate(model, 4), row.mean, row.tolerance) << row.id << " " << row.experiment;
    }
  }
}

Model normalized_model(const std::string& type, const std::string& activation, int layers, std::int64_t units,
                       double epsilon) {
  Builder builder({units});
  for (int i = 0; i < layers; ++i) {
    builder.dense(units, "linear", "he_normal");
    if (i + 1 == layers) break;
    builder.add(type, {{"epsilon", epsilon}});
    builder.add("Activation", {{"activation", activation_config(activation)}});
  }
  return builder.done();
}

// Least squares over the middle layers, decades toward the input.
double middle_slope(const FlowPrediction& prediction, std::size_t first, std::size_t behind) {
  double count = 0, x_mean = 0, y_mean = 0;
  const auto decades = [&](std::size_t i) { return *prediction.layers[prediction.path[i]].decades; };
  for (std::size_t i = first; i < behind; ++i) {
    ++count;
    x_mean += static_cast<double>(i);
    y_mean += decades(i);
  }
  x_mean /= count;
  y_mean /= count;
  double products = 0, squares = 0;
  for (std::size_t i = first; i < behind; ++i) {
    const double x = static_cast<double>(i) - x_mean;
    products += x * (decades(i) - y_mean);
    squares += x * x;
  }
  return -products / squares;
}

TEST(PredictFlow, BatchNormalization) {
  for (const Row& row : rows()) {
    if (row.id[0] != 'B') continue;
    const std::string& e = row.experiment;
    const std::vector<std::string> w = words(e);
    const int layers = static_cast<int>(number_after(e, " L=", 30));
    const auto batch = static_cast<std::int64_t>(number_after(e, " B=", 128));
    const auto units = static_cast<std::int64_t>(number_after(e, " n=", 128));
    const bool by_batch = row.id == "B62" || row.id == "B63" || row.id == "B64" || row.id == "B65";
    const Model model = normalized_model("BatchNormalization", w[1], layers, units, by_batch ? 1e-12 : 1e-5);
    if (e.find("slope") != std::string::npos) {
      const FlowPrediction prediction = predict_flow(model, {.batch_size = by_batch ? batch : 0});
      EXPECT_NEAR(middle_slope(prediction, 5, static_cast<std::size_t>(layers) - 1), *row.theory, 0.002) << row.id << e;
    }
    if (e.find("R_delta") == std::string::npos) continue;
    if (row.id == "B06" || full()) {
      EXPECT_NEAR(simulate(model, static_cast<int>(batch)), row.mean, row.tolerance) << row.id << " " << e;
    }
  }
}

TEST(PredictFlow, LayerNormalization) {
  for (const Row& row : rows()) {
    if (row.id[0] != 'N') continue;
    const std::vector<std::string> w = words(row.experiment);
    const Model model = normalized_model("LayerNormalization", w[1], 30, 128, 1e-5);
    if (row.theory) {
      EXPECT_NEAR(middle_slope(predict_flow(model, {.batch_size = 0}), 3, 29), *row.theory, 0.002) << row.id;
    } else if (row.id == "N07" || full()) {
      EXPECT_NEAR(simulate(model, 64), row.mean, row.tolerance) << row.id << " " << row.experiment;
    }
  }
}

TEST(PredictFlow, ResidualBranches) {
  for (const Row& row : rows()) {
    if (row.id[0] != 'R' || !row.theory) continue;
    const std::string& e = row.experiment;
    const std::vector<std::string> w = words(e);
    const int blocks = static_cast<int>(number_after(e, "L=", 0));
    const double alpha = e.find("1/sqrt(L)") == std::string::npos ? 1 : 1 / std::sqrt(blocks);
    const std::string initializer = w[3] == "He" ? "he_normal" : "glorot_uniform";
    Builder builder({128});
    std::string x = builder.last();
    for (int i = 0; i < blocks; ++i) {
      for (int k = 0; k < (w[1] == "pre2" ? 2 : 1); ++k) {
        builder.add("Activation", {{"activation", w[2]}});
        builder.dense(128, "linear", initializer);
      }
      const std::string branch = builder.add("Rescaling", {{"scale", alpha}});
      x = builder.add("Add", Json::object(), {x, branch});
    }
    const FlowPrediction prediction = predict_flow(builder.done(), {});
    const FlowPrediction::Layer& input = prediction.layers.front();
    const FlowPrediction::Layer& output = prediction.layers.back();
    const bool forward = e.find("forward") != std::string::npos || e.find("fwd") != std::string::npos;
    const double decades = forward ? 0.5 * std::log10(output.second_moment / input.second_moment)
                                   : input.backward_decades - output.backward_decades;
    EXPECT_NEAR(decades, *row.theory, 0.002) << row.id << " " << e;
  }
}

TEST(PredictFlow, SimpleRecurrentLayers) {
  for (const Row& row : rows()) {
    if (row.id[0] != 'S' || !row.theory || row.experiment.find("slope") != std::string::npos) continue;
    const double gain = number_after(row.experiment, "gain=", 1);
    const bool driven = number_after(row.experiment, "x_std=", 0) > 0;
    // h_0 = 0 with inputs, tanh(N(0, 1)) without.
    const theory::Drive drive{.input = driven ? 32 * 2.0 / (32 + 128) : 0, .recurrent = gain * gain};
    const ActivationChoice tanh = choose_activation("tanh");
    const double start = driven ? 0 : 0.394294490397841;
    EXPECT_NEAR(theory::simple_rnn(tanh, drive, 100, start).decades.front(), *row.theory, 0.002) << row.id;
  }
}

// Section 2.9: predicted within 0.5 decades of the simulation for forget biases up to 2 and every GRU; 0.9 beyond.
TEST(PredictFlow, GatedLayersAddTheirPathsCoherently) {
  for (const Row& row : rows()) {
    const std::string& e = row.experiment;
    if (row.id[0] != 'G' || e.find("->") != std::string::npos) continue;
    const bool keras = e.find("keras") != std::string::npos;
    const bool is_lstm = e.find("LSTM") == 0;
    const double gates = is_lstm ? 4 : 3;
    const double bias = number_after(e, "bias=", 0);
    const theory::Drive drive{.input = keras ? 32 * 2 / (32 + gates * 128) : 32.0 / (3 * 128),
                              .recurrent = keras ? 1 / (is_lstm ? 4.0 : 3.0) : 1.0 / 3,
                              .bias = keras ? 0 : (is_lstm ? 2.0 : 1.0) / (3 * 128)};
    const double predicted = (is_lstm ? theory::lstm(drive, bias, 100) : theory::gru(drive, bias, 100)).decades.front();
    EXPECT_NEAR(predicted, row.mean, bias >= 3 && is_lstm ? 0.9 : 0.5) << row.id << " " << e;
  }
}

TEST(PredictFlow, SaysWhereItIsWeak) {
  const auto has = [](const FlowPrediction& prediction, const std::string& text) {
    for (const std::string& doubt : prediction.doubts) {
      if (doubt.find(text) != std::string::npos) return true;
    }
    return false;
  };
  EXPECT_TRUE(predict_flow(dense_model("relu", "he_normal", 30)).confident());
  EXPECT_TRUE(predict_flow(dense_model("sigmoid", "glorot_uniform", 30)).confident());
  EXPECT_TRUE(has(predict_flow(dense_model("gelu", "he_normal", 30)), "length"));
  EXPECT_TRUE(has(predict_flow(normalized_model("BatchNormalization", "gelu", 10, 64, 1e-3)), "grow apart"));
  // Trained weights are not what the initializer draws.
  const Model model = dense_model("relu", "he_normal", 4);
  Weights weights = initialize(model, 1);
  EXPECT_TRUE(predict_flow(model, {.weights = &weights}).confident());
  for (float& value : weights.at(parameters(model)[2].name).values()) value *= 1.5f;
  EXPECT_TRUE(has(predict_flow(model, {.weights = &weights}), "not as fresh"));
}

TEST(PredictFlow, DeadUnitsGrowWithDepth) {
  // Section 8.1, ReLU with he_normal, batches of 64: 0, 6, 17, 28, 35 % at layers 1, 5, 10, 20, 29.
  const FlowPrediction prediction = predict_flow(dense_model("relu", "he_normal", 30), {.batch_size = 64});
  const std::map<std::size_t, double> expected = {{1, 0.0}, {5, 0.06}, {10, 0.17}, {20, 0.28}, {29, 0.35}};
  for (const auto& [layer, dead] : expected) {
    EXPECT_NEAR(prediction.layers[layer].expected_dead, dead, 0.03) << "layer " << layer;
  }
}

TEST(PredictFlow, CorrelationOfReluNetworks) {
  // Section 1.4: from independent samples on.
  const FlowPrediction prediction = predict_flow(dense_model("relu", "he_normal", 31), {});
  EXPECT_NEAR(prediction.layers[1].correlation, 0.31830989, 1e-8);
  EXPECT_NEAR(prediction.layers[5].correlation, 0.73594635, 1e-8);
  EXPECT_NEAR(prediction.layers[30].correlation, 0.97201087, 1e-8);
}

TEST(PredictFlow, FiniteWidth) {
  // Section 1.12: ReLU, 128 units, 30 layers: 0.231 decades for a single sample.
  EXPECT_NEAR(predict_flow(dense_model("relu", "he_normal", 30), {}).deviation, 0.231, 0.001);
}

TEST(PredictFlow, OneLayerHasNoWayBack) {
  const FlowPrediction prediction = predict_flow(dense_model("relu", "he_normal", 1), {});
  EXPECT_EQ(prediction.path.size(), 1u);
  EXPECT_EQ(prediction.total_decades, 0);
}

}  // namespace
}  // namespace evenflow
