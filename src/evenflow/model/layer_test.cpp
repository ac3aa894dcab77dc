// Every registered layer against real Keras (tests/golden/layers*.json) and against what is common to all layers.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "evenflow/base/random.h"
#include "evenflow/error.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/golden_test.h"
#include "evenflow/model/layer_builder.h"

namespace evenflow {
namespace {

struct LayerCase {
  std::string name;
  Layer layer;
  std::vector<Shape> inputs;  // batch axis included
  std::vector<Json> masks;    // one per input, null where there is none; or empty
  Json ids = {};              // what the one input holds: integers, by which nothing is differentiated
  bool training = false;
  Json golden;
};

void PrintTo(const LayerCase& one, std::ostream* stream) {
  *stream << one.name;
}

std::vector<std::string> golden_files() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(std::string(EVENFLOW_SOURCE_DIR) + "/tests/golden")) {
    const std::string name = file.path().filename();
    if (name.starts_with("layers") && name.ends_with(".json")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<LayerCase> golden_cases() {
  std::vector<LayerCase> cases;
  for (const std::string& file : golden_files()) {
    for (const Json& golden : read_golden(file)) {
      LayerCase& one = cases.emplace_back();
      one.name = golden["name"].get<std::string>();
      one.layer = {.type = golden["type"].get<std::string>(), .name = "tested", .config = golden["config"]};
      for (const Json& shape : golden["inputs"]) one.inputs.push_back(shape_from(shape));
      for (const Json& mask : golden.value("masks", Json::array())) one.masks.push_back(mask);
      one.layer.arguments = golden.value("call", Json::object());
      one.ids = golden.value("ids", Json());
      one.training = golden["training"].get<bool>();
      one.golden = golden;
    }
  }
  return cases;
}

// Of ids or of a mask.
Tensor tensor_from(const Json& rows) {
  Tensor tensor({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(rows[0].size())});
  std::int64_t next = 0;
  for (const Json& row : rows) {
    for (const Json& element : row) tensor[next++] = element.get<float>();
  }
  return tensor;
}

// One layer as a program, with S = sum(y g(y.shape, 5)) differentiated by its inputs and weights.
class LayerProgram {
 public:
  explicit LayerProgram(const LayerCase& one) {
    Graph graph;
    std::vector<ValueId> inputs;
    for (std::size_t i = 0; i < one.inputs.size(); ++i) {
      inputs.push_back(graph.input("x" + std::to_string(i), one.inputs[i]));
      inputs_.push_back(one.ids.is_null() ? golden_tensor(one.inputs[i], 0.7 * static_cast<double>(i))
                                          : tensor_from(one.ids));
    }
    has_ids_ = !one.ids.is_null();
    std::vector<ValueId> wrt = has_ids_ ? std::vector<ValueId>{} : inputs;
    const Model model;
    const LoweringOptions options{.training = one.training};
    std::vector<ValueId> masks(inputs.size());
    for (std::size_t i = 0; i < one.masks.size(); ++i) {
      if (!one.masks[i].is_null()) masks[i] = graph.constant(tensor_from(one.masks[i]));
    }
    layer_ = GraphLayerBuilder(graph, model, one.layer, options, inputs, masks).build();
    for (std::size_t j = 0; j < layer_.parameters.size(); ++j) {
      const ParameterInfo& parameter = layer_.parameters[j];
      weights_.set(parameter.name, golden_weight(parameter.variable, parameter.shape, j));
      if (parameter.trainable) wrt.push_back(graph.parameter(parameter.name, parameter.shape));
    }
    output_shape_ = graph.shape(layer_.output);
    graph.output("y", layer_.output);
    for (std::size_t i = 0; i < layer_.more_outputs.size(); ++i) {
      graph.output("more" + std::to_string(i), layer_.more_outputs[i]);
    }
    if (layer_.mask) graph.output("mask", ops::add(graph, layer_.mask, graph.scalar(0.0f)));
    const std::vector<ValueId> gradients =
        differentiate(graph, layer_.output, wrt, graph.constant(golden_tensor(output_shape_, 5)));
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      EXPECT_TRUE(gradients[i]) << "no gradient for " << i;
      if (gradients[i]) graph.output("gradient" + std::to_string(i), gradients[i]);
    }
    program_ = compile_with(std::move(graph), weights_);
  }

  void run() {
    for (std::size_t i = 0; i < inputs_.size(); ++i) copy_to(program_.input("x" + std::to_string(i)), inputs_[i]);
    program_.run();
  }

  double scalar() {
    run();
    const Tensor cotangent = golden_tensor(output_shape_, 5);
    const std::vector<double> y = numbers(program_.output("y"));
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * static_cast<double>(cotangent.values()[i]);
    return sum;
  }

  std::vector<double> mask() const {
    return program_.has_output("mask") ? numbers(program_.output("mask")) : std::vector<double>{};
  }
  std::vector<double> y() const { return numbers(program_.output("y")); }
  std::vector<double> gradient(std::size_t i) const { return numbers(program_.output("gradient" + std::to_string(i))); }
  std::vector<double> more(std::size_t i) const { return numbers(program_.output("more" + std::to_string(i))); }
  const Shape& output_shape() const { return output_shape_; }
  const LoweredLayer& layer() const { return layer_; }
  Weights& weights() { return weights_; }

  // Inputs (but ids), then trainable weights: what the gradients are of.
  std::vector<Tensor*> variables() {
    std::vector<Tensor*> result;
    for (Tensor& input : inputs_) {
      if (!has_ids_) result.push_back(&input);
    }
    for (const ParameterInfo& parameter : layer_.parameters) {
      if (parameter.trainable) result.push_back(&weights_.at(parameter.name));
    }
    return result;
  }

 private:
  std::vector<Tensor> inputs_;
  bool has_ids_ = false;
  Weights weights_;
  LoweredLayer layer_;
  Shape output_shape_;
  Program program_;
};

// The slope of S in a random direction of each variable, against the gradient.
void expect_finite_differences(LayerProgram& program) {
  program.run();
  const std::vector<Tensor*> variables = program.variables();
  std::vector<std::vector<double>> gradients;
  for (std::size_t i = 0; i < variables.size(); ++i) gradients.push_back(program.gradient(i));
  for (std::size_t i = 0; i < variables.size(); ++i) {
    constexpr float kStep = 1e-3f;
    Random random(11, i);
    const Tensor saved = *variables[i];
    std::vector<float> direction;
    double slope = 0;
    double norm = 0;
    for (const double gradient : gradients[i]) {
      direction.push_back(static_cast<float>(random.normal()));
      slope += gradient * static_cast<double>(direction.back());
      norm += gradient * gradient;
    }
    const auto moved = [&](float step) {
      for (std::size_t k = 0; k < direction.size(); ++k)
        variables[i]->values()[k] = saved.values()[k] + step * direction[k];
      return program.scalar();
    };
    const double difference = (moved(kStep) - moved(-kStep)) / (2.0 * static_cast<double>(kStep));
    std::copy(saved.values().begin(), saved.values().end(), variables[i]->data());
    EXPECT_NEAR(slope, difference, 0.02 * std::sqrt(norm) + 2e-3) << "variable " << i;
  }
}

class EveryLayer : public testing::TestWithParam<LayerCase> {};

TEST_P(EveryLayer, AgreesWithKeras) {
  const LayerCase& one = GetParam();
  LayerProgram program(one);
  program.run();
  EXPECT_EQ(program.output_shape(), shape_from(one.golden["output"]));
  expect_summary(program.y(), one.golden["y"], "y");
  const Json more = one.golden.value("more", Json::array());
  ASSERT_EQ(program.layer().more_outputs.size(), more.size());
  for (std::size_t i = 0; i < more.size(); ++i)
    expect_summary(program.more(i), more[i], "output " + std::to_string(i + 1));
  const std::size_t inputs = one.golden["dx"].size();
  for (std::size_t i = 0; i < inputs; ++i) expect_summary(program.gradient(i), one.golden["dx"][i], "dx");
  const std::vector<ParameterInfo>& parameters = program.layer().parameters;
  ASSERT_EQ(parameters.size(), one.golden["weights"].size());
  std::size_t trainable = 0;
  std::size_t moving = 0;
  for (std::size_t j = 0; j < parameters.size(); ++j) {
    EXPECT_EQ(parameters[j].shape, shape_from(one.golden["weights"][j])) << parameters[j].name;
    if (parameters[j].trainable) {
      expect_summary(program.gradient(inputs + trainable), one.golden["dw"][trainable], parameters[j].name);
      ++trainable;
    } else if (one.golden.contains("after")) {
      expect_summary(numbers(program.weights().at(parameters[j].name)), one.golden["after"][moving++],
                     parameters[j].name);
    }
  }
  EXPECT_EQ(trainable, one.golden["dw"].size());
  if (one.golden.contains("mask")) {
    const Json& mask = one.golden["mask"];
    EXPECT_EQ(program.mask(), mask.is_null() ? std::vector<double>{} : numbers(tensor_from(mask)));
  }
}

TEST_P(EveryLayer, GradientAgreesWithFiniteDifferences) {
  LayerProgram program(GetParam());
  expect_finite_differences(program);
}

TEST_P(EveryLayer, SurvivesTheJsonForm) {
  const LayerCase& one = GetParam();
  Model model{.layers = {Input{{2}}}, .outputs = {"tested"}, .sequential = false};
  model.layers[0].name = "in";
  model.layers.push_back(one.layer);
  model.layers[1].inputs.assign(one.inputs.size(), "in");
  const Json text = Json::parse(to_json(model).dump());
  EXPECT_EQ(model_from_json(text), model);
  const LayerType& type = layer_type(one.layer.type);
  EXPECT_EQ(complete_config(type, model_from_json(text).layers[1], {}), complete_config(type, one.layer, {}));
}

TEST_P(EveryLayer, RefusesAnUnknownKeyByName) {
  LayerCase one = GetParam();
  one.layer.config["colour"] = "green";
  const std::string message = error_of([&] { LayerProgram{one}; });
  EXPECT_NE(message.find("layer 'tested' (" + one.layer.type + "): the key 'colour'"), std::string::npos) << message;
}

TEST_P(EveryLayer, IgnoresUnknownKeysThatAreOff) {
  LayerCase one = GetParam();
  one.layer.config["colour"] = nullptr;
  one.layer.config["glossy"] = false;
  one.layer.config["dtype"] = {{"module", "keras"}, {"class_name", "DTypePolicy"}, {"config", {{"name", "float32"}}}};
  LayerProgram program(one);
  program.run();
  expect_summary(program.y(), one.golden["y"], "y");
}

// Files are hostile: whatever stands in a configuration, the layer is built or an Error says why not.
TEST_P(EveryLayer, BuildsOrRefusesAnyConfiguration) {
  const Json values[] = {nullptr,
                         true,
                         -1,
                         0,
                         3,
                         0.5,
                         -1e300,
                         std::int64_t{1} << 62,
                         2147483647,
                         "",
                         "same",
                         Json::array(),
                         Json::array({1}),
                         Json::array({1, 1}),
                         Json::array({-1, 2147483647, 2147483647, 2147483647}),
                         Json::array({Json::array({1, 1048576}), Json::array({-1, "x"})}),
                         Json::object(),
                         {{"class_name", 7}, {"config", "x"}},
                         {{"class_name", "L2"}, {"config", {{"l2", "much"}}}},
                         {{"type", "ndarray"}, {"value", Json::array({1, 2})}}};
  const LayerCase& one = GetParam();
  Json keys = Json::parse(layer_type(one.layer.type).defaults);
  for (const char* common : {"dtype", "trainable", "activity_regularizer", "alpha", "renorm"}) keys[common] = nullptr;
  for (const auto& [key, standard] : keys.items()) {
    for (const Json& value : values) {
      Layer layer = one.layer;
      layer.config[key] = value;
      Graph graph;
      std::vector<ValueId> inputs;
      for (const Shape& shape : one.inputs) inputs.push_back(graph.input("x" + std::to_string(inputs.size()), shape));
      const Model model;
      try {
        const LoweringOptions options{.training = true};
        GraphLayerBuilder(graph, model, layer, options, inputs, std::vector<ValueId>(inputs.size())).build();
      } catch (const Error& error) {
        EXPECT_NE(error.kind(), ErrorKind::internal) << key << " = " << value << ": " << error.what();
        EXPECT_EQ(std::string(error.what()).rfind("layer 'tested", 0), 0u) << error.what();
      }
    }
  }
}

std::string case_name(const testing::TestParamInfo<LayerCase>& info) {
  std::string name = std::to_string(info.index) + "_";
  for (const char c : info.param.name) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Golden, EveryLayer, testing::ValuesIn(golden_cases()), case_name);

TEST(Layers, EachHasAGoldenCase) {
  // InputLayer has nothing to compute; GetItem is no layer of Keras but an operation: keras/operations.keras has it.
  std::set<std::string> tested{"InputLayer", "GetItem"};
  for (const LayerCase& one : golden_cases()) tested.insert(one.layer.type);
  for (const LayerType* type : all_layers()) {
    EXPECT_TRUE(tested.contains(std::string(type->id))) << type->id << " is in none of tests/golden/layers*.json";
  }
}

TEST(Layers, AreFoundByTheirClassName) {
  EXPECT_EQ(layer_type("Conv2D").id, "Conv2D");
  EXPECT_NE(error_of([] { layer_type("Conv2d"); }).find("did you mean 'Conv2D'"), std::string::npos);
}

LayerCase one_layer(std::string type, Json config, std::vector<Shape> inputs, bool training = false) {
  return {.name = type,
          .layer = {.type = type, .name = "l", .config = std::move(config)},
          .inputs = std::move(inputs),
          .training = training};
}

TEST(Dropout, IsRandomAndDifferentiableWhileTraining) {
  LayerProgram program(one_layer("Dropout", {{"rate", 0.5}}, {{40, 25}}, true));
  program.run();
  const Tensor x = golden_tensor({40, 25}, 0);
  const std::vector<double> y = program.y();
  std::size_t dropped = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (y[i] == 0) ++dropped;
    EXPECT_NEAR(y[i], y[i] == 0 ? 0.0 : 2.0 * static_cast<double>(x.values()[i]), 1e-6);
  }
  EXPECT_NEAR(static_cast<double>(dropped), 500, 5 * std::sqrt(250.0));
  expect_finite_differences(program);
}

TEST(GaussianNoise, AddsNoiseOfItsDeviationWhileTraining) {
  LayerProgram program(one_layer("GaussianNoise", {{"stddev", 0.3}}, {{40, 25}}, true));
  program.run();
  const Tensor x = golden_tensor({40, 25}, 0);
  double squares = 0;
  const std::vector<double> y = program.y();
  for (std::size_t i = 0; i < y.size(); ++i) squares += std::pow(y[i] - static_cast<double>(x.values()[i]), 2);
  EXPECT_NEAR(squares / 1000, 0.09, 5 * 0.09 * std::sqrt(2.0 / 1000));
  expect_finite_differences(program);
}

// Draws of Dropout's relatives on ones: what is dropped, and how much there is of it.
std::vector<double> on_ones(std::string type, Json config, const Shape& shape) {
  LayerProgram program(one_layer(std::move(type), std::move(config), {shape}, true));
  std::fill(program.variables()[0]->values().begin(), program.variables()[0]->values().end(), 1.0f);
  program.run();
  std::vector<double> y = program.y();
  expect_finite_differences(program);
  return y;
}

TEST(Dropout, SharesDrawsAlongAxesOfOneInTheNoiseShape) {
  const std::vector<double> y = on_ones("Dropout", {{"rate", 0.5}, {"noise_shape", {nullptr, 1, 4}}}, {20, 5, 4});
  std::set<double> values(y.begin(), y.end());
  EXPECT_EQ(values, (std::set<double>{0, 2}));
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], y[i / 20 * 20 + i % 4]);
}

TEST(SpatialDropout, DropsWholeChannels) {
  const std::vector<double> last = on_ones("SpatialDropout1D", {{"rate", 0.5}}, {20, 5, 4});
  for (std::size_t i = 0; i < last.size(); ++i) EXPECT_EQ(last[i], last[i / 20 * 20 + i % 4]);
  const std::vector<double> first =
      on_ones("SpatialDropout2D", {{"rate", 0.5}, {"data_format", "channels_first"}}, {20, 4, 3, 2});
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i], first[i / 6 * 6]);
  EXPECT_EQ(std::set<double>(first.begin(), first.end()), (std::set<double>{0, 2}));
}

TEST(AlphaDropout, KeepsMeanAndVariance) {
  constexpr double kRate = 0.3;
  constexpr double kDropped = -1.7580993408473766;
  const double a = 1 / std::sqrt((1 - kRate) * (1 + kRate * kDropped * kDropped));
  const std::vector<double> y = on_ones("AlphaDropout", {{"rate", kRate}}, {40, 25});
  std::size_t dropped = 0;
  for (const double value : y) {
    const bool gone = value < 0;
    dropped += gone;
    EXPECT_NEAR(value, a * (gone ? kDropped : 1.0) - a * kDropped * kRate, 1e-5);
  }
  EXPECT_NEAR(static_cast<double>(dropped), 300, 5 * std::sqrt(1000 * kRate * (1 - kRate)));
}

TEST(GaussianDropout, MultipliesByNoiseOfItsDeviation) {
  double squares = 0;
  for (const double value : on_ones("GaussianDropout", {{"rate", 0.2}}, {40, 25})) squares += std::pow(value - 1, 2);
  EXPECT_NEAR(squares / 1000, 0.25, 5 * 0.25 * std::sqrt(2.0 / 1000));
}

TEST(GetItem, PassesTheGradientToThePartsItTakes) {
  const Json whole = {nullptr, nullptr};
  const Json keys[] = {{whole, -1}, {whole, {1, -1}}, {whole, "...", {2, nullptr}}, {whole, 0, 3}, Json::array()};
  for (const Json& key : keys) {
    LayerProgram program(one_layer("GetItem", {{"key", key}}, {{2, 5, 4}}));
    expect_finite_differences(program);
  }
}

TEST(GetItem, RefusesWhatItCannotTake) {
  const Json whole = {nullptr, nullptr};
  const auto error = [](const Json& key) {
    return error_of([&] { LayerProgram program(one_layer("GetItem", {{"key", key}}, {{2, 5, 4}})); });
  };
  EXPECT_NE(error({0}).find("must leave the batch as it is"), std::string::npos) << error({0});
  EXPECT_NE(error({whole, 5}).find("there is no element 5 among 5"), std::string::npos) << error({whole, 5});
  EXPECT_NE(error({whole, {3, 2}}).find("is empty"), std::string::npos) << error({whole, {3, 2}});
  EXPECT_NE(error({whole, "last"}).find("must be a list of indices"), std::string::npos) << error({whole, "last"});
}

TEST(Layers, DrawFromStreamsOfTheirOwn) {
  LayerCase one = one_layer("Dropout", {{"rate", 0.5}}, {{8, 8}}, true);
  LayerProgram first(one);
  one.layer.name = "another";
  LayerProgram second(one);
  first.run();
  second.run();
  EXPECT_NE(first.y(), second.y());
}

TEST(LeakyReLU, TakesTheKeyOfKeras2) {
  for (const Json& alpha : {Json(0.1), Json{{"type", "ndarray"}, {"value", 0.1}}}) {
    LayerProgram program(one_layer("LeakyReLU", {{"alpha", alpha}}, {{3, 4}}));
    program.run();
    const Tensor x = golden_tensor({3, 4}, 0);
    for (std::size_t i = 0; i < 12; ++i) {
      const double value = static_cast<double>(x.values()[i]);
      EXPECT_NEAR(program.y()[i], value > 0 ? value : 0.1 * value, 1e-7);
    }
  }
}

TEST(BatchNormalization, TakesTheAxisListOfTfKeras) {
  LayerProgram program(one_layer("BatchNormalization", {{"axis", {1}}}, {{3, 4, 5}}));
  EXPECT_EQ(program.layer().parameters[0].shape, (Shape{4}));
}

TEST(BatchNormalization, TakesTheKeysOfLaterKerasThatAreOff) {
  EXPECT_EQ(error_of([] {
              LayerProgram(one_layer(
                  "BatchNormalization",
                  {{"renorm", false}, {"renorm_clipping", nullptr}, {"renorm_momentum", 0.99}, {"synchronized", false}},
                  {{3, 4}}));
            }),
            "no error");
}

TEST(Layers, FrozenOnesHaveNoTrainableParameters) {
  LayerCase one = one_layer("Dense", {{"units", 3}}, {{2, 4}});
  one.layer.trainable = false;
  LayerProgram program(one);
  for (const ParameterInfo& parameter : program.layer().parameters) EXPECT_FALSE(parameter.trainable);
}

TEST(KerasPadding, FollowsTheRulesOfSame) {
  const auto same = [](std::int64_t n, std::int64_t k, std::int64_t s, std::int64_t d) {
    return keras_padding("same", n, k, s, d);
  };
  EXPECT_EQ(same(6, 3, 2, 1).before, 0);
  EXPECT_EQ(same(6, 3, 2, 1).after, 1);  // the odd one at the end
  EXPECT_EQ(same(5, 3, 1, 1).before, 1);
  EXPECT_EQ(same(5, 3, 1, 2).before, 2);
  EXPECT_EQ(same(5, 1, 3, 1).after, 0);  // never negative
  EXPECT_EQ(keras_padding("valid", 6, 3, 2, 1).after, 0);
}

// A configuration or an input that a layer must refuse, and what its message must say.
struct Refusal {
  const char* type;
  Json config;
  std::vector<Shape> inputs;
  const char* says;
};

TEST(Layers, SayWhatIsWrongAndWhere) {
  const Shape image{2, 6, 5, 4};
  const Refusal refusals[] = {
      {"Dense", Json::object(), {{2, 4}}, "layer 'l' (Dense): the key 'units' is missing"},
      {"Dense", {{"units", 0}}, {{2, 4}}, "units must be at least 1, not 0"},
      {"Dense", {{"units", "many"}}, {{2, 4}}, "units must be an integer up to 2147483647, not \"many\""},
      {"Dense", {{"units", 1e300}}, {{2, 4}}, "units must be an integer"},
      {"Dense", {{"units", 2}, {"use_bias", 1}}, {{2, 4}}, "use_bias must be true or false, not 1"},
      {"Dense",
       {{"units", 2}, {"kernel_constraint", {{"class_name", "MinNorm"}}}},
       {{2, 4}},
       "layer 'l' (Dense): kernel_constraint: unknown constraint {\"class_name\":\"MinNorm\"}"},
      {"Dense",
       {{"units", 2}, {"kernel_regularizer", "orthogonal"}},
       {{2, 4}},
       "layer 'l' (Dense): kernel_regularizer: unknown regularizer"},
      {"Dense", {{"units", 2}, {"activation", "rellu"}}, {{2, 4}}, "layer 'l' (Dense): activation: "},
      {"Dense",
       {{"units", 2}, {"kernel_initializer", "he_norml"}},
       {{2, 4}},
       "layer 'l' (Dense): kernel_initializer: "},
      {"Dense",
       {{"units", 2}, {"dtype", "mixed_float16"}},
       {{2, 4}},
       "layer 'l' (Dense): dtype mixed_float16 is not supported"},
      {"Dense", {{"units", 2}, {"unit", 3}}, {{2, 4}}, "the key 'unit' is not supported; did you mean 'units'?"},
      {"Conv2D",
       {{"filters", 3}, {"kernel_size", 3}},
       {{2, 12}},
       "layer 'l' (Conv2D): expects images (None, height, width, channels), but its input has shape (None, 12)"},
      {"Conv2D",
       {{"filters", 3}, {"kernel_size", 7}},
       {image},
       "a window of 7 x 7 must fit into the image, but its input has shape (None, 6, 5, 4)"},
      {"Conv2D",
       {{"filters", 3}, {"kernel_size", {1, 2, 3}}},
       {image},
       "kernel_size must be an integer or a list of 2, not [1,2,3]"},
      {"Conv2D",
       {{"filters", 3}, {"kernel_size", 2}, {"groups", 3}},
       {image},
       "expects channels that 3 groups divide, but its input has shape (None, 6, 5, 4)"},
      {"Conv2D",
       {{"filters", 3}, {"kernel_size", 2}, {"groups", 2}},
       {image},
       "filters must be divisible by the 2 groups, not 3"},
      {"Conv2D",
       {{"filters", 3}, {"kernel_size", 2}, {"strides", 2}, {"dilation_rate", 2}},
       {image},
       "dilation_rate must be 1"},
      {"Conv2D", {{"filters", 3}, {"kernel_size", 2}, {"padding", "causal"}}, {image}, "padding must be valid or same"},
      {"Conv2D",
       {{"filters", 3}, {"kernel_size", 2}, {"data_format", "first"}},
       {image},
       "data_format must be channels_last or channels_first, not \"first\""},
      {"MaxPooling1D",
       {{"data_format", "channels_first"}},
       {{2, 12}},
       "expects sequences (None, channels, steps), but its input has shape (None, 12)"},
      {"Conv1D",
       {{"filters", 3}, {"kernel_size", 3}},
       {{2, 2, 4}},
       "a window of 3 must fit into the sequence, but its input has shape (None, 2, 4)"},
      {"Conv1D",
       {{"filters", 3}, {"kernel_size", 2}, {"padding", "full"}},
       {{2, 5, 4}},
       "padding must be valid, same or causal, not \"full\""},
      {"DepthwiseConv2D",
       {{"kernel_size", 2}, {"depth_multiplier", 0}},
       {image},
       "depth_multiplier must be at least 1"},
      {"Conv2DTranspose",
       {{"filters", 3}, {"kernel_size", 3}, {"strides", 2}, {"output_padding", 2}},
       {image},
       "output_padding must be smaller than the strides, not 2"},
      {"Cropping1D", {{"cropping", 3}}, {{2, 6, 4}}, "the cropping must leave something"},
      {"ZeroPadding1D", {{"padding", {1, -1}}}, {{2, 6, 4}}, "padding must be n or [before, after]"},
      {"UpSampling2D", {{"interpolation", "lanczos3"}}, {image}, "must be nearest, bilinear or bicubic"},
      {"RepeatVector", {{"n", 0}}, {{2, 4}}, "n must be at least 1"},
      {"GroupNormalization", {{"groups", 3}}, {image}, "expects channels that 3 groups divide"},
      {"Normalization", {{"mean", 1.0}}, {{2, 4}}, "variance must be given together with the other of the two"},
      {"Normalization", {{"mean", {1, 2}}, {"variance", {1, 2}}}, {{2, 4}}, "must fit the axes that are kept"},
      {"Rescaling", {{"scale", {1, 2}}}, {{2, 4}}, "scale of shape (2) must fit the last axes"},
      {"Rescaling", {{"scale", {1, "x"}}}, {{2, 4}}, "scale must be a number or nested lists of numbers"},
      {"GaussianDropout", {{"rate", 2}}, {{2, 4}}, "rate must be between 0 and 1, not 2"},
      {"MaxPooling2D", {{"strides", 0}}, {image}, "strides must be at least 1, not 0"},
      {"Dropout", {{"rate", 1.5}}, {{2, 4}}, "rate must be between 0 and 1, not 1.5"},
      {"Dropout", {{"rate", 0.5}, {"noise_shape", {1, 3}}}, {{2, 4}}, "noise_shape [1,3] must hold its extents or 1"},
      {"Reshape",
       {{"target_shape", {3, -1}}},
       {{2, 4}},
       "target_shape [3,-1] cannot hold the elements of a sample, but its input has shape (None, 4)"},
      {"Reshape",
       {{"target_shape", {-1, -1}}},
       {{2, 4}},
       "target_shape must be positive integers, one of them -1 at most"},
      {"Permute", {{"dims", {1, 1}}}, {{2, 3, 4}}, "dims must hold each of the axes 1 to 2 once"},
      {"BatchNormalization", {{"axis", 0}}, {{2, 4}}, "axis = 0 names an axis other than the batch"},
      {"LayerNormalization", {{"axis", {1, 1}}}, {{2, 3, 4}}, "axis must be an axis or a list of different axes"},
      {"RMSNormalization", {{"axis", 1}}, {{2, 3, 4}}, "the normalized axes must be the last ones"},
      {"ZeroPadding2D", {{"padding", -1}}, {image}, "padding must be n, [rows, columns]"},
      {"Activation", Json::object(), {{2, 4}}, "activation must name an activation, not null"},
      {"Add", Json::object(), {{2, 3}, {2, 4}}, "but its inputs have shapes (None, 3) and (None, 4)"},
      {"Concatenate", Json::object(), {{2, 3, 4}, {2, 2, 4}}, "agree in all axes but the concatenated one"},
  };
  for (const Refusal& refusal : refusals) {
    const std::string message =
        error_of([&] { LayerProgram(one_layer(refusal.type, refusal.config, refusal.inputs)); });
    EXPECT_NE(message.find(refusal.says), std::string::npos) << message << "\nlacks: " << refusal.says;
    EXPECT_EQ(message.rfind("layer 'l'", 0), 0u) << message;
  }
}

}  // namespace
}  // namespace evenflow
