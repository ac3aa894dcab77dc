#include "evenflow/report/keras_code.h"

#include <gtest/gtest.h>

#include "evenflow/error.h"

namespace evenflow {
namespace {

TEST(KerasCode, LeavesOutDefaults) {
  EXPECT_EQ(keras_code(Dense{.units = 64, .activation = "relu", .kernel_initializer = "he_normal"}),
            "keras.layers.Dense(64, activation=\"relu\", kernel_initializer=\"he_normal\")");
  EXPECT_EQ(keras_code(BatchNormalization{}), "keras.layers.BatchNormalization()");
  EXPECT_EQ(keras_code(Activation{"tanh"}), "keras.layers.Activation(\"tanh\")");
}

TEST(KerasCode, WritesObjectsAndNumbersAsPython) {
  const Json gelu = {{"class_name", "VarianceScaling"}, {"config", {{"scale", 1.98}, {"mode", "fan_in"}}}};
  EXPECT_EQ(keras_code(layer("Dense", {{"units", 4}, {"kernel_initializer", gelu}, {"use_bias", false}})),
            "keras.layers.Dense(4, kernel_initializer=keras.initializers.VarianceScaling(scale=1.98, mode=\"fan_in\"), "
            "use_bias=False)");
}

TEST(KerasCode, OptimizerWithClipping) {
  EXPECT_EQ(keras_optimizer_code(SGD{.learning_rate = 0.01, .clipnorm = 1.0}),
            "keras.optimizers.SGD(learning_rate=0.01, clipnorm=1.0)");
  EXPECT_EQ(keras_optimizer_code(Adam{.epsilon = 1e-4}), "keras.optimizers.Adam(learning_rate=0.001, epsilon=0.0001)");
}

TEST(KerasProgram, AChainIsSequentialWithEqualLayersInOneLine) {
  const Dense hidden{.units = 4, .activation = "relu"};
  Model model = sequential({Input{{2}}, hidden, hidden, hidden, Dense{1}, Dense{1}});
  model.compile = CompileSettings{.optimizer = SGD{.learning_rate = 0.5}, .loss = {"mean_squared_error"}};
  EXPECT_EQ(keras_program(model),
            "import keras\n\nmodel = keras.Sequential([\n"
            "    keras.Input(shape=(2,)),\n"
            "    *[keras.layers.Dense(4, activation=\"relu\") for _ in range(3)],\n"
            "    keras.layers.Dense(1),\n"
            "    keras.layers.Dense(1),\n])\n"
            "model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.5),\n"
            "              loss=\"mean_squared_error\", metrics=[])\n");
}

TEST(KerasProgram, ABranchIsCallsOfNamedLayers) {
  Model model = sequential({Input{{2, 3}}, Dense{.units = 3, .name = "1st/hidden"}});
  Layer sum = layer("Add", {{"name", "sum"}});
  sum.inputs = {"input_layer", "1st/hidden"};
  model.layers.push_back(sum);
  model.outputs = {"sum"};
  model.sequential = false;
  EXPECT_EQ(keras_program(model),
            "import keras\n\n"
            "input_layer = keras.Input(shape=(2, 3))\n"
            "layer_1st_hidden = keras.layers.Dense(3)(input_layer)\n"
            "sum = keras.layers.Add()([input_layer, layer_1st_hidden])\n"
            "model = keras.Model([input_layer], [sum])\n");
  model.layers.back().shares = "1st/hidden";
  EXPECT_THROW(keras_program(model), Error);
}

TEST(KerasCode, FoldsEqualChanges) {
  const Dense sigmoid{.units = 4, .activation = "sigmoid"};
  const Dense relu{.units = 4, .activation = "relu"};
  Model before = sequential({Input{{2}}, sigmoid, sigmoid, Dense{1}});
  Model after = sequential({Input{{2}}, relu, relu, Dense{1}});
  before.compile = CompileSettings{.optimizer = SGD{}, .loss = {"mean_squared_error"}};
  after.compile = CompileSettings{.optimizer = Adam{}, .loss = {"mean_squared_error"}};
  const std::vector<CodeChange> changes = code_changes(before, after);
  ASSERT_EQ(changes.size(), 4u);
  EXPECT_EQ(changes[0].kind, CodeChange::Kind::removed);
  EXPECT_EQ(changes[0].layers, (std::vector<std::string>{"dense", "dense_1"}));
  EXPECT_EQ(changes[1].code, "keras.layers.Dense(4, activation=\"relu\")");
  EXPECT_EQ(changes[2].code, "optimizer=keras.optimizers.SGD(learning_rate=0.01)");
  EXPECT_EQ(changes[3].code, "optimizer=keras.optimizers.Adam(learning_rate=0.001)");
  EXPECT_TRUE(code_changes(before, before).empty());
}

}  // namespace
}  // namespace evenflow
