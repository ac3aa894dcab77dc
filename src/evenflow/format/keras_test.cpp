// Keras files against what Keras itself computed with them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "evenflow/base/files.h"
#include "evenflow/base/json_text.h"
#include "evenflow/base/random.h"
#include "evenflow/error.h"
#include "evenflow/format.h"
#include "evenflow/format/format.h"
#include "evenflow/format/keras/archive.h"
#include "evenflow/format/keras/canonical_order.h"
#include "evenflow/graph.h"
#include "evenflow/model/lowering.h"

namespace evenflow {
namespace {

const Path kGolden = Path(EVENFLOW_SOURCE_DIR) / "tests/golden/keras";
const Path kRealFiles = Path(EVENFLOW_SOURCE_DIR) / "../shared/models";

SavedModel golden(const std::string& name) {
  return load_model(kGolden / name);
}

std::string message(ErrorKind kind, const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.kind()), to_string(kind)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in: " << text;
}

// What a written model reads like, without the disk.
std::string written(const SavedModel& saved) {
  for (const Format* format : all_formats()) {
    if (format->write != nullptr) return format->write(saved);
  }
  return {};
}

void expect_equal(const SavedModel& a, const SavedModel& b) {
  EXPECT_EQ(to_json(a.model).dump(1), to_json(b.model).dump(1));
  EXPECT_TRUE(a.weights == b.weights);
  EXPECT_TRUE(a.optimizer_slots == b.optimizer_slots);
  EXPECT_EQ(a.iterations, b.iterations);
}

Tensor predict(SavedModel saved, const Tensor& x) {
  Lowered lowered = lower(saved.model, {.batch = x.shape()[0]});
  const Shape shape = lowered.graph.shape(lowered.outputs.front().value);
  Program program = Program::compile(std::move(lowered.graph), {.parameter = [&](std::string_view name, const Shape&) {
                                       return saved.weights.at(name).data();
                                     }});
  std::memcpy(program.input("x").data, x.data(), static_cast<std::size_t>(x.count()) * sizeof(float));
  program.run();
  Tensor result(shape);
  std::memcpy(result.data(), program.output("prediction").data,
              static_cast<std::size_t>(result.count()) * sizeof(float));
  return result;
}

Tensor tensor_of(const Json& shape, const Json& values) {
  return Tensor(Shape(shape.get<std::vector<std::int64_t>>()), values.get<std::vector<float>>());
}

class GoldenFile : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Keras, GoldenFile,
                         testing::Values("shared.keras", "recurrent.keras", "time_distributed.keras", "nested.keras",
                                         "nested_legacy.h5", "sequential_sgd.keras", "sequential_legacy.h5",
                                         "cnn_adam_schedule.keras", "functional_adamw.keras", "functional_legacy.h5",
                                         "sequential_rmsprop.keras", "sequential_uncompiled.keras", "operations.keras"),
                         [](const auto& test) { return Path(test.param).stem().string(); });

TEST_P(GoldenFile, PredictsWhatKerasPredicts) {
  const Json expected = parse_json(read_file((kGolden / GetParam()).replace_extension(".json")), GetParam());
  const Tensor predicted = predict(golden(GetParam()), tensor_of(expected["input_shape"], expected["input"]));
  const Tensor wanted = tensor_of(expected["output_shape"], expected["output"]);
  ASSERT_EQ(predicted.shape(), wanted.shape());
  for (std::int64_t i = 0; i < wanted.count(); ++i) EXPECT_NEAR(predicted[i], wanted[i], 1e-5) << i;
}

TEST_P(GoldenFile, WritesWhatItReads) {
  const SavedModel saved = golden(GetParam());
  expect_equal(saved, read_model(written(saved), "again"));
}

TEST_P(GoldenFile, TruncationIsAnError) {
  const std::string whole = read_file(kGolden / GetParam());
  for (std::size_t size = 0; size < whole.size(); size += whole.size() / 97) {
    EXPECT_THROW(read_model(whole.substr(0, size), "cut"), Error) << size;
  }
}

TEST_P(GoldenFile, DamageIsAnErrorOrHarmless) {
  const std::string whole = read_file(kGolden / GetParam());
  Random random(11);
  for (int i = 0; i < 150; ++i) {
    std::string damaged = whole;
    for (int flips = 0; flips < 3; ++flips) {
      damaged[random.below(damaged.size())] ^= static_cast<char>(1 << random.below(8));
    }
    try {
      read_model(damaged, "damaged");
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), ErrorKind::internal) << error.what();
    }
  }
}

TEST(Keras, ReadsSequentialSettings) {
  const SavedModel saved = golden("sequential_sgd.keras");
  EXPECT_TRUE(saved.model.sequential);
  EXPECT_EQ(saved.model.name, "small");
  EXPECT_EQ(saved.model.keras, (KerasVersion{3, 15}));
  ASSERT_EQ(saved.model.layers.size(), 5u);
  const Layer& dense = saved.model.layers[1];
  EXPECT_EQ(dense.config.dump(), Json({{"units", 6},
                                       {"activation", "tanh"},
                                       {"kernel_initializer", {{"class_name", "HeNormal"}, {"config", Json::object()}}},
                                       {"kernel_regularizer", {{"class_name", "L2"}, {"config", {{"l2", 0.01}}}}}})
                                     .dump());
  EXPECT_EQ(saved.model.layers[4].name, "probabilities");
  ASSERT_TRUE(saved.model.compile);
  const CompileSettings& compile = *saved.model.compile;
  EXPECT_EQ(compile.optimizer.type, "SGD");
  EXPECT_EQ(compile.optimizer.config["momentum"], 0.9);
  EXPECT_EQ(compile.optimizer.config["nesterov"], true);
  EXPECT_EQ(compile.optimizer.config["clipnorm"], 1.0);
  EXPECT_EQ(compile.loss.type, "categorical_crossentropy");
  ASSERT_EQ(compile.metrics.size(), 1u);
  EXPECT_EQ(compile.metrics[0].type, "accuracy");
  // Three epochs of two steps.
  EXPECT_EQ(saved.iterations, 6u);
  EXPECT_EQ(saved.optimizer_slots.size(), 6u);
  EXPECT_EQ(saved.optimizer_slots.at("dense/kernel/momentum").shape(), (Shape{4, 6}));
}

TEST(Keras, ReadsScheduleAndClassMetrics) {
  const SavedModel saved = golden("cnn_adam_schedule.keras");
  const CompileSettings& compile = *saved.model.compile;
  EXPECT_EQ(compile.optimizer.type, "Adam");
  EXPECT_EQ(compile.optimizer.config["global_clipnorm"], 2.0);
  EXPECT_EQ(compile.optimizer.config["learning_rate"]["class_name"], "ExponentialDecay");
  EXPECT_EQ(compile.loss.type, "huber");
  ASSERT_EQ(compile.metrics.size(), 2u);
  EXPECT_EQ(compile.metrics[0].type, "mae");
  EXPECT_EQ(compile.metrics[1].type, "mean_squared_error");
  EXPECT_EQ(saved.optimizer_slots.size(), 3u * 5u) << "momentum, velocity and velocity_hat of five variables";
}

TEST(Keras, ReadsFunctionalConnections) {
  const SavedModel saved = golden("functional_adamw.keras");
  EXPECT_FALSE(saved.model.sequential);
  EXPECT_EQ(saved.model.outputs, std::vector<LayerOutput>{"out"});
  EXPECT_EQ(saved.model.find("concatenate")->inputs, (std::vector<LayerOutput>{"late", "left"}));
  EXPECT_EQ(saved.model.find("add_1")->inputs, (std::vector<LayerOutput>{"concatenate", "shortcut"}));
  EXPECT_FALSE(saved.model.find("right")->trainable);
  EXPECT_TRUE(saved.model.find("left")->trainable);
  EXPECT_EQ(saved.optimizer_slots.find("right/kernel/momentum"), nullptr);
  EXPECT_NE(saved.optimizer_slots.find("left/kernel/velocity"), nullptr);
}

TEST(Keras, LegacyFileEqualsArchive) {
  const SavedModel archive = golden("functional_adamw.keras");
  expect_equal(archive, golden("functional_legacy.h5"));
  expect_equal(golden("sequential_sgd.keras"), golden("sequential_legacy.h5"));
}

TEST(Keras, NamesWhatIsUnsupported) {
  const auto refused = [](const std::string& name) {
    const std::string text = message(ErrorKind::unsupported, [&] { golden(name); });
    expect_contains(text, name);
    return text;
  };
  expect_contains(refused("unsupported_dtype.keras"), "layer 'half' (Dense): dtype mixed_bfloat16");
}

TEST(Keras, ReadsSeveralOutputs) {
  const SavedModel saved = golden("outputs.keras");
  EXPECT_EQ(saved.model.outputs, (std::vector<LayerOutput>{"a", "b"}));
}

// A copy of a golden archive with its configuration changed.
std::string with_config(const std::string& name, const std::function<void(Json&)>& change) {
  const std::string bytes = read_file(kGolden / name);
  const keras::ArchiveReader archive(bytes, name);
  Json config = parse_json(archive.read("config.json"), name);
  change(config);
  return keras::archive_bytes({{"config.json", config.dump()}, {"model.weights.h5", archive.read("model.weights.h5")}});
}

TEST(Keras, NamesWeightsThatDoNotFit) {
  const std::string name = "sequential_sgd.keras";
  const auto refused = [&](const std::function<void(Json&)>& change) {
    return message(ErrorKind::input, [&] { read_model(with_config(name, change), "m.keras"); });
  };
  const std::string wrong = refused([](Json& config) { config["config"]["layers"][4]["config"]["units"] = 4; });
  expect_contains(wrong, "m.keras");
  expect_contains(wrong, "layer 'probabilities' (Dense)");
  expect_contains(wrong, "kernel has shape (6, 3)");
  expect_contains(wrong, "needs (6, 4)");
  const std::string surplus =
      refused([](Json& config) { config["config"]["layers"][4]["config"]["use_bias"] = false; });
  expect_contains(surplus, "2 weights in the file, 1 in the model (kernel)");
  const std::string group = refused([](Json& config) { config["config"]["layers"].erase(4); });
  expect_contains(group, "'layers/dense_1' holds weights of no layer");
  const std::string missing = refused([](Json& config) {
    Json added = config["config"]["layers"][4];
    added["config"]["name"] = "extra";
    config["config"]["layers"].push_back(added);
  });
  expect_contains(missing, "layer 'extra' (Dense): 0 weights in the file, 2 in the model (kernel, bias)");
}

TEST(Keras, RefusesCallsThatChangeTheComputation) {
  const auto refused = [&](ErrorKind kind, const std::function<void(Json & node)>& change) {
    return message(kind, [&] {
      read_model(with_config("functional_adamw.keras",
                             [&](Json& config) {
                               for (Json& layer : config["config"]["layers"]) {
                                 if (layer["name"] == "late") change(layer["inbound_nodes"][0]);
                               }
                             }),
                 "m.keras");
    });
  };
  expect_contains(refused(ErrorKind::unsupported, [](Json& node) { node["kwargs"]["training"] = true; }),
                  "layer 'late' (Dense): is called with the argument training = true");
  expect_contains(refused(ErrorKind::unsupported, [](Json& node) { node["args"].push_back(3); }),
                  "layer 'late': is called with 3, which is no tensor");
  expect_contains(
      refused(ErrorKind::input, [](Json& node) { node["args"][0]["config"]["keras_history"][0] = "nobody"; }),
      "'nobody', which is no layer");
  expect_contains(refused(ErrorKind::input, [](Json& node) { node["args"][0]["config"]["keras_history"][0] = "out"; }),
                  "depends on its own output");
}

TEST(Keras, ReadsVersion2Spellings) {
  // The same model as tf.keras 2 would have said it: list nodes, batch_input_shape, string types.
  const std::string bytes = with_config("functional_adamw.keras", [](Json& config) {
    config["class_name"] = "Model";
    for (Json& layer : config["config"]["layers"]) {
      Json references = Json::array();
      for (const Json& node : layer["inbound_nodes"]) {
        const Json& arguments = node["args"][0].is_array() ? node["args"][0] : node["args"];
        for (const Json& tensor : arguments) {
          Json reference = tensor["config"]["keras_history"];
          reference.push_back(Json::object());
          references.push_back(reference);
        }
      }
      if (!references.empty()) layer["inbound_nodes"] = Json::array({references});
      if (layer["class_name"] != "Add") layer["config"]["dtype"] = "float32";
      if (layer["class_name"] == "InputLayer") {
        layer["config"]["batch_input_shape"] = layer["config"]["batch_shape"];
        layer["config"].erase("batch_shape");
      }
    }
  });
  SavedModel expected = golden("functional_adamw.keras");
  expected.model.keras = {3, 0};  // there is no metadata.json
  expect_equal(read_model(bytes, "2"), expected);
}

TEST(Keras, WeightsFollowTheGraphNotTheFile) {
  // Keras numbers the weights by the connections, whatever the order of the configuration.
  const std::string bytes = with_config("functional_adamw.keras", [](Json& config) {
    Json& layers = config["config"]["layers"];
    std::reverse(layers.begin(), layers.end());
  });
  EXPECT_TRUE(read_model(bytes, "reversed").weights == golden("functional_adamw.keras").weights);
}

TEST(Keras, SequentialWithoutInputLayerTakesTheBuiltShape) {
  const std::string bytes =
      with_config("sequential_uncompiled.keras", [](Json& config) { config["config"]["layers"].erase(0); });
  EXPECT_EQ(input_shape(read_model(bytes, "m").model), Shape{4});
  const std::string unbuilt = with_config("sequential_uncompiled.keras", [](Json& config) {
    config["config"]["layers"].erase(0);
    config["config"].erase("build_input_shape");
    config.erase("build_config");
  });
  expect_contains(message(ErrorKind::input, [&] { read_model(unbuilt, "m"); }), "no input shape");
}

TEST(Keras, FreshModelIsWrittenAndRead) {
  SavedModel saved{.model =
                       sequential({Input{{6, 6, 1}}, Conv2D{.filters = 2, .kernel_size = {3}}, Flatten{},
                                   Dense{.units = 2, .activation = "softmax", .kernel_initializer = "he_uniform"}})};
  saved.weights = initialize(saved.model, 5);
  const SavedModel again = read_model(written(saved), "fresh");
  EXPECT_TRUE(again.weights == saved.weights);
  EXPECT_FALSE(again.model.compile);
  expect_equal(again, read_model(written(again), "fresh"));
}

const Format& weights_format() {
  for (const Format* format : all_formats()) {
    if (format->id == "keras_weights") return *format;
  }
  throw Error(ErrorKind::internal, "no format keras_weights");
}

TEST_P(GoldenFile, WeightsAndStateAreTakenFromAFileOfWeightsAlone) {
  const SavedModel saved = golden(GetParam());
  SavedModel again{.model = saved.model, .weights = initialize(saved.model, 99)};
  EXPECT_FALSE(again.weights == saved.weights);
  read_weights(weights_format().write(saved), "m.weights.h5", again);
  expect_equal(saved, again);
}

// By model.save_weights() of real Keras.
TEST(KerasWeights, AreThoseOfTheModelSavedWithThem) {
  const SavedModel saved = golden("sequential_sgd.keras");
  SavedModel again{.model = saved.model, .weights = initialize(saved.model, 99)};
  load_weights(kGolden / "sequential_sgd.weights.h5", again);
  expect_equal(saved, again);
}

TEST(KerasWeights, MisfitNamesFileAndLayerAndChangesNothing) {
  SavedModel other = golden("cnn_adam_schedule.keras");
  const SavedModel before = other;
  const std::string text =
      message(ErrorKind::input, [&] { load_weights(kGolden / "sequential_sgd.weights.h5", other); });
  expect_contains(text, "sequential_sgd.weights.h5");
  expect_contains(text, "layer 'conv2d'");
  expect_equal(before, other);
}

TEST(KerasWeights, AreNoModel) {
  expect_contains(message(ErrorKind::input, [] { golden("sequential_sgd.weights.h5"); }), "weights alone");
  const auto stored = list_weights(kGolden / "sequential_sgd.weights.h5");
  ASSERT_TRUE(stored);
  EXPECT_NE(std::find_if(stored->begin(), stored->end(),
                         [](const StoredTensor& tensor) {
                           return tensor.path == "layers/dense/vars/0" && tensor.shape == Shape{4, 6};
                         }),
            stored->end());
  EXPECT_FALSE(list_weights(kGolden / "sequential_sgd.keras"));
}

TEST(Keras, SavingReplacesTheFileWholeOrNotAtAll) {
  const Path folder = std::filesystem::temp_directory_path() / "evenflow_keras_test";
  std::filesystem::create_directories(folder);
  const SavedModel saved = golden("sequential_sgd.keras");
  save_model(folder / "m.keras", saved);
  expect_equal(load_model(folder / "m.keras"), saved);
  SavedModel incomplete = saved;
  incomplete.weights = {};
  EXPECT_THROW(save_model(folder / "m.keras", incomplete), Error);
  expect_equal(load_model(folder / "m.keras"), saved);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  expect_contains(message(ErrorKind::usage, [&] { save_model(folder / "m.h5", saved); }), ".keras");
  expect_contains(message(ErrorKind::io, [&] { load_model(folder / "absent.keras"); }), "absent.keras");
  write_file(folder / "text.keras", "not a model");
  expect_contains(message(ErrorKind::input, [&] { load_model(folder / "text.keras"); }), "no model file");
  std::filesystem::remove_all(folder);
}

TEST(Keras, Keras2HardSigmoidIsNotPassedOffAsKeras3s) {
  SavedModel saved{.model = sequential({Input{{2}}, Dense{.units = 1, .activation = "hard_sigmoid"}})};
  saved.weights = initialize(saved.model, 1);
  EXPECT_NO_THROW(written(saved));
  saved.model.keras = {2, 3};
  expect_contains(message(ErrorKind::unsupported, [&] { written(saved); }), "layer 'dense' (Dense): activation");
}

// ---- Genuine files of Keras 2.3.1 -----------------------------------------------------------------------------

class RealFile : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not here";
  }
  Path path = kRealFiles / GetParam();
};
INSTANTIATE_TEST_SUITE_P(Keras, RealFile,
                         testing::Values("circle_sigmoid8_vanishing.h5", "blob_relu50_oscillating.h5",
                                         "mnist_relu34_dying.h5"),
                         [](const auto& test) { return Path(test.param).stem().string(); });

TEST_P(RealFile, IsReadAndWritten) {
  const SavedModel saved = load_model(path);
  EXPECT_EQ(saved.model.keras, (KerasVersion{2, 3}));
  EXPECT_EQ(saved.weights.size(), parameters(saved.model).size());
  SavedModel again = read_model(written(saved), "again");
  again.model.keras = saved.model.keras;
  expect_equal(again, saved);
}

// ---- Order of layers ------------------------------------------------------------------------------------------

TEST(CanonicalOrder, SurvivesDeepChains) {
  std::vector<Layer> layers{{.type = "InputLayer", .name = "0"}};
  for (int i = 1; i < 200'000; ++i) {
    layers.push_back({.type = "Flatten", .name = std::to_string(i), .inputs = {std::to_string(i - 1)}});
  }
  const std::vector<Layer> ordered = keras::canonical_order(layers, {"199999"});
  EXPECT_EQ(ordered, layers);
}

TEST(CanonicalOrder, NamesWhatIsWrong) {
  const Layer input{.type = "InputLayer", .name = "x"};
  const auto dense = [](std::string name, std::vector<LayerOutput> inputs) {
    return Layer{.type = "Dense", .name = std::move(name), .inputs = std::move(inputs)};
  };
  const auto wrong = [&](std::vector<Layer> layers) {
    return message(ErrorKind::input, [&] { keras::canonical_order(std::move(layers), {"y"}); });
  };
  expect_contains(wrong({input, dense("y", {"z"})}), "'z', which is no layer");
  expect_contains(wrong({input, dense("y", {"y"})}), "'y' depends on its own output");
  expect_contains(wrong({input, dense("y", {"x"}), dense("idle", {"x"})}), "'idle' does not lead");
  expect_contains(wrong({input, dense("x", {"x"})}), "two layers have the name 'x'");
  expect_contains(wrong({input}), "output is 'y'");
}

}  // namespace
}  // namespace evenflow
