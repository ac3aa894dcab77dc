#include <gtest/gtest.h>

#include "evenflow/report.h"

namespace evenflow {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(ModelText, ShowsLayersShapesParametersAndSettings) {
  Model model = sequential({Input{{28, 28, 1}}, Conv2D{.filters = 8, .kernel_size = {3}, .activation = "relu"},
                            BatchNormalization{}, Flatten{}, Dense{10, "softmax"}},
                           "digits");
  const std::string bare = model_text(model, {});
  EXPECT_TRUE(contains(bare, "digits   sequential")) << bare;
  EXPECT_TRUE(contains(bare, "(None, 26, 26, 8)")) << bare;
  EXPECT_TRUE(contains(bare, "54,090")) << bare;  // the dense layer: 26 * 26 * 8 * 10 + 10
  EXPECT_TRUE(contains(bare, "54,202 parameters, 54,186 of them trainable")) << bare;
  EXPECT_TRUE(contains(bare, "no compile settings")) << bare;
  model.compile = CompileSettings{.optimizer = SGD{.learning_rate = 0.1, .clipnorm = 1.0},
                                  .loss = {"categorical_crossentropy"},
                                  .metrics = {{"accuracy"}}};
  const std::string text = model_text(model, {});
  EXPECT_TRUE(contains(text, "categorical_crossentropy")) << text;
  EXPECT_TRUE(contains(text, "clipnorm=1.0")) << text;
  EXPECT_TRUE(contains(text, "accuracy")) << text;
}

TEST(ModelText, ShowsConnectionsOfFunctionalModels) {
  Model model = sequential({Input{{4}}, Dense{4, "relu"}, Dense{1}});
  model.sequential = false;
  const std::string text = model_text(model, {});
  EXPECT_TRUE(contains(text, "inputs")) << text;
  EXPECT_TRUE(contains(text, "functional")) << text;
}

TEST(ModelText, NamesFromFilesCannotControlTheTerminal) {
  Model model = sequential({Input{{4}}, Dense{1}});
  model.name = "evil\033[2J";
  EXPECT_FALSE(contains(model_text(model, {}), "\033"));
}

}  // namespace
}  // namespace evenflow
