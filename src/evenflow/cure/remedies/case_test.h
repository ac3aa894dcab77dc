// For tests of remedies: cases made of small models, and the flow of what comes out.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "evenflow/cure/remedy.h"
#include "evenflow/cure/rewrite.h"

namespace evenflow {

struct TestCase {
  Recipe recipe;
  Dataset data;
  Trace trace{};
  Course course{};
  std::vector<std::string> keep{};
  std::int64_t steps = 100;

  explicit TestCase(Model model, const std::string& spec = "") {
    if (!model.compile) model.compile = CompileSettings{.optimizer = SGD{}, .loss = {"mean_squared_error"}};
    recipe.model = std::move(model);
    const Shape input = input_shape(recipe.model);
    data = fit_to_model(load_data(spec.empty() ? "gaussian:features=" + std::to_string(input.count()) : spec),
                        recipe.model);
    for (int i = 0; i < 9; ++i) course.global_norms.push_back(1 + 0.1 * i);
    course.median_norm = 1.4;
    course.largest_norm = 1.8;
    course.median_element = 0.2;
  }

  Treatment treat(std::string_view id) const {
    return remedy(id).apply(
        {.recipe = recipe, .data = data, .trace = trace, .course = course, .keep = keep, .steps = steps});
  }
  Recipe treated(std::string_view id) const {
    Treatment treatment = treat(id);
    if (const auto* refusal = std::get_if<Refusal>(&treatment)) {
      ADD_FAILURE() << id << " refused: " << refusal->reason;
      return recipe;
    }
    const Treated& result = std::get<Treated>(treatment);
    EXPECT_FALSE(result.change.empty());
    validate(result.recipe.model);
    return result.recipe;
  }
  std::string refusal(std::string_view id) const {
    const Treatment treatment = treat(id);
    const auto* refusal = std::get_if<Refusal>(&treatment);
    return refusal == nullptr ? "" : refusal->reason;
  }
};

// Theory's network: `depth` dense layers of `width` units, the last linear.
inline Model deep(int depth, const std::string& activation, const std::string& initializer, std::int64_t width = 128) {
  std::vector<Layer> layers = {Input{{width}}};
  for (int i = 0; i < depth; ++i) {
    layers.push_back(
        Dense{.units = width, .activation = i + 1 < depth ? activation : "linear", .kernel_initializer = initializer});
  }
  Model model = sequential(std::move(layers));
  model.compile = CompileSettings{.optimizer = SGD{}, .loss = {"mean_squared_error"}};
  return model;
}

// A case of it; its data are of no account.
inline TestCase deep_case(int depth, const std::string& activation, const std::string& initializer,
                          std::int64_t width = 128) {
  Model model = deep(depth, activation, initializer, width);
  TestCase result(sequential({Input{{2}}, Dense{2}}), "circles");
  result.recipe.model = std::move(model);
  return result;
}

// Decades by theory's protocol: standard normal inputs, random gradient at the output, fresh draws.
inline double flow(const Recipe& recipe, int redraws = 10) {
  const Trace trace = probe({.model = recipe.model}, {.batch_size = 64, .batches = 1, .redraws = redraws, .seed = 7});
  return trace.total_decades.mean;
}

inline bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace evenflow
