#include "evenflow/cure/symptoms.h"

#include <algorithm>

#include "evenflow/cure/remedies/case_test.h"
#include "evenflow/error.h"

namespace evenflow {
namespace {

Model classifier() {
  Model model = sequential({Input{{2}}, Dense{.units = 8, .activation = "relu", .kernel_initializer = "he_normal"},
                            Dense{.units = 1, .activation = "sigmoid"}});
  model.compile = CompileSettings{.optimizer = SGD{}, .loss = {"binary_crossentropy"}};
  return model;
}

TestCase healthy() {
  TestCase result(classifier(), "circles");
  for (int i = 0; i < 60; ++i) result.course.losses.push_back(0.7 - 0.005 * i);
  return result;
}

std::vector<std::string> words(const TestCase& test, std::span<const Finding> findings = {}) {
  std::vector<std::string> result;
  for (const Symptom& symptom : symptoms({.recipe = test.recipe,
                                .data = test.data,
                                .trace = test.trace,
                                .course = test.course,
                                .keep = test.keep,
                                .steps = test.steps},
                                         findings)) {
    result.push_back(symptom.word);
    EXPECT_FALSE(symptom.reason.empty());
  }
  return result;
}

using Words = std::vector<std::string>;

TEST(Symptoms, NoneOfAHealthyNetwork) {
  EXPECT_EQ(words(healthy()), Words{});
}

TEST(Symptoms, OfFindingsButNotOfRemarks) {
  const std::vector<Finding> findings = {{.rule = "vanishing-gradient", .severity = Severity::error},
                                         {.rule = "exploding-gradient", .severity = Severity::info}};
  EXPECT_EQ(words(healthy(), findings), Words{"vanishing"});
}

TEST(Symptoms, OfTheFirstSteps) {
  TestCase flat = healthy();
  std::fill(flat.course.losses.begin(), flat.course.losses.end(), 0.69);
  EXPECT_EQ(words(flat), Words{"slow"});
  TestCase growing = healthy();
  for (std::size_t i = 0; i < 60; ++i) growing.course.losses[i] = 1 + 0.1 * static_cast<double>(i);
  EXPECT_EQ(words(growing), Words{"diverging"});
  TestCase broken = healthy();
  broken.course.finite = false;
  EXPECT_EQ(words(broken), Words{"diverging"});
  TestCase spiky = healthy();
  spiky.course.largest_norm = 50;
  EXPECT_EQ(words(spiky), Words{"spikes"});
}

TEST(Symptoms, OfTheLearningRate) {
  TestCase near = healthy();
  near.course.unstable_rate = 0.012;  // the rate is 0.01
  EXPECT_EQ(words(near), Words{"oscillating"});
  TestCase far = healthy();
  far.course.unstable_rate = 100;
  EXPECT_EQ(words(far), Words{"rate"});
  TestCase right = healthy();
  right.course.unstable_rate = 0.1;
  EXPECT_EQ(words(right), Words{});
}

TEST(Symptoms, OfDataAndOutput) {
  TestCase large = healthy();
  for (float& value : large.data.x.values()) value *= 255;
  EXPECT_EQ(words(large), Words{"input"});
  TestCase output = healthy();
  output.recipe.model.layers.back().config["activation"] = "relu";
  EXPECT_EQ(words(output), Words{"output"});
}

TEST(Symptoms, EveryRemedyTreatsKnownWords) {
  const Words known = {"vanishing",     "exploding", "dead",   "saturation", "collapse",    "initialization", "input",
                       "normalization", "output",    "spikes", "diverging",  "oscillating", "rate",           "slow"};
  for (const Remedy* one : all_remedies()) {
    bool any = false;
    for (const std::string& word : known) {
      const std::vector<Symptom> only = {{word, ""}};
      any = any || treats(*one, only);
    }
    EXPECT_TRUE(any) << one->id;
    EXPECT_GE(one->cost, 1) << one->id;
    EXPECT_LE(one->cost, 3) << one->id;
  }
  EXPECT_EQ(remedies().size(), all_remedies().size());
  EXPECT_THROW(remedy("rellu"), Error);
}

}  // namespace
}  // namespace evenflow
