#include "evenflow/health/lesson.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "evenflow/base/text.h"
#include "evenflow/error.h"
#include "evenflow/health/rule.h"
#include "evenflow/model/activation_function.h"
#include "evenflow/model/initializer_type.h"

namespace evenflow {
namespace {

bool exists(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  const auto lessons = all_lessons();
  return std::any_of(lessons.begin(), lessons.end(), [&](const Lesson& l) { return l.name == name; });
}

TEST(Lessons, EveryItemHasOne) {
  for (const Rule* rule : all_rules()) EXPECT_TRUE(exists(std::string(rule->id))) << rule->id;
  for (const ActivationFunction* f : all_activations()) EXPECT_TRUE(exists(std::string(f->id))) << f->id;
  for (const InitializerType* i : all_initializers()) EXPECT_TRUE(exists(snake_case(i->id))) << i->id;
  for (const char* clipping : {"clipnorm", "clipvalue", "global-clipnorm"}) EXPECT_TRUE(exists(clipping)) << clipping;
}

TEST(Lessons, HaveATitleABodyAndSources) {
  for (const Lesson& l : all_lessons()) {
    EXPECT_TRUE(l.text.starts_with("# ")) << l.name;
    EXPECT_NE(l.text.find("\nSources: "), std::string_view::npos) << l.name;
    EXPECT_GT(l.text.size(), 80u) << l.name;
  }
}

TEST(Lessons, FoundBySpelling) {
  EXPECT_EQ(lesson("he_normal").name, "he-normal");
  EXPECT_EQ(lesson("Vanishing-Gradient").title(), "Vanishing gradient");
  try {
    lesson("vanishing-gradiant");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("vanishing-gradient"), std::string::npos);
  }
}

// Table of theory, section 1.9.
TEST(Lessons, NumbersOfActivations) {
  EXPECT_NE(lesson_numbers(lesson("relu")).find("+0.0832 with batch normalization"), std::string::npos);
  EXPECT_NE(lesson_numbers(lesson("sigmoid")).find("-0.4079 with layer normalization"), std::string::npos);
  EXPECT_NE(lesson_numbers(lesson("tanh")).find("1.5925 per layer keeps the signal"), std::string::npos);
  EXPECT_EQ(lesson_numbers(lesson("plateau")), "");
}

}  // namespace
}  // namespace evenflow
