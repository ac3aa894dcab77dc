#include "autotrainer.h"

#include <fmt/format.h>

#include <functional>
#include <optional>
#include <vector>

#include "evenflow/cure/candidates.h"
#include "evenflow/cure/course.h"
#include "evenflow/cure/rates.h"
#include "evenflow/cure/trial.h"

namespace evenflow::bench {
namespace {

struct Solution {
  std::string name;
  std::function<std::optional<Recipe>(const Case&)> apply;
};

Solution by_remedy(const std::string& id) {
  return {id, [id](const Case& c) -> std::optional<Recipe> {
            Treatment treatment = remedy(id).apply(c);
            auto* const treated = std::get_if<Treated>(&treatment);
            return treated == nullptr ? std::nullopt : std::optional(std::move(treated->recipe));
          }};
}

Solution with_rate(double rate) {
  return {fmt::format("learning rate {:g}", rate), [rate](const Case& c) {
            Recipe recipe = c.recipe;
            set_rate(recipe, rate);
            return std::optional(recipe);
          }};
}

Solution with_optimizer(const std::string& type) {
  return {type, [type](const Case& c) {
            Recipe recipe = c.recipe;
            recipe.model.compile->optimizer = choose_optimizer(Json(type));
            return std::optional(recipe);
          }};
}

Solution with_initializer(const std::string& name) {
  return {name, [name](const Case& c) {
            Recipe recipe = c.recipe;
            for (Layer& layer : recipe.model.layers) {
              if (layer.config.contains("kernel_initializer")) layer.config["kernel_initializer"] = name;
            }
            return std::optional(recipe);
          }};
}

Solution with_batch(int size) {
  return {fmt::format("batch size {}", size), [size](const Case& c) {
            Recipe recipe = c.recipe;
            recipe.batch_size = size;
            return std::optional(recipe);
          }};
}

std::vector<Solution> solutions(Problem problem, const Recipe& recipe) {
  const bool sgd = recipe.model.compile->optimizer.type == "SGD";
  const std::vector<Solution> initializers = {with_initializer("he_uniform"), with_initializer("lecun_normal"),
                                              with_initializer("glorot_normal")};
  std::vector<Solution> list;
  const auto add = [&](const std::vector<Solution>& more) { list.insert(list.end(), more.begin(), more.end()); };
  switch (problem) {
    case Problem::vanishing:
      return {by_remedy("selu"), by_remedy("relu"), by_remedy("batch_normalization")};
    case Problem::exploding:
      return {by_remedy("selu"), by_remedy("relu"), by_remedy("clip_value"), by_remedy("tanh"),
              by_remedy("batch_normalization")};
    case Problem::dying:
      add({by_remedy("selu"), by_remedy("batch_normalization")});
      add(initializers);
      add({by_remedy("leaky_relu"), by_remedy("elu")});
      return list;
    case Problem::unstable:
      add({by_remedy("adam")});
      add(sgd ? std::vector{with_rate(0.01), with_rate(0.001), with_rate(0.0001)}
              : std::vector{with_rate(1e-3), with_rate(1e-4), with_rate(1e-5)});
      add({with_batch(64), with_batch(128), by_remedy("momentum")});
      add(initializers);
      return list;
    case Problem::not_converging:
      add({with_optimizer("adam"), with_optimizer("nadam"), with_optimizer("rmsprop")});
      add(sgd ? std::vector{with_rate(0.01), with_rate(0.1), with_rate(1)}
              : std::vector{with_rate(1e-3), with_rate(1e-2), with_rate(1e-1)});
      add(initializers);
      return list;
    case Problem::improper_activation:
      return {by_remedy("output_activation")};
    case Problem::abnormal_data:
      return {by_remedy("input_scaling")};
    case Problem::none:
      break;
  }
  return {};
}

}  // namespace

Repair autotrainer(const Recipe& recipe, const Dataset& data, Problem problem) {
  constexpr double kConverged = 0.7;  // its threshold of the accuracy
  constexpr std::size_t kMostSolutions = 10;
  const TrialData trial = trial_data(data, recipe.seed);
  const Measure measure = measure_for(recipe.model, data, trial.y_held);
  const Until until;
  const Course course = watch_course(recipe, trial, recipe.seed, until);
  const AtRest rest = at_rest(recipe, data);
  const Case c{.recipe = recipe, .data = data, .trace = rest.trace, .course = course, .keep = {}, .steps = 1};
  Repair repair{.recipe = recipe, .change = "", .trainings = 1};
  std::vector<Solution> list = solutions(problem, recipe);
  if (list.size() > kMostSolutions) list.resize(kMostSolutions);
  for (const Solution& solution : list) {
    const std::optional<Recipe> changed = solution.apply(c);
    if (!changed) continue;
    ++repair.trainings;
    Trial training(*changed, trial, measure, recipe.seed);
    const std::int64_t per_epoch = (trial.x.shape()[0] + changed->batch_size - 1) / changed->batch_size;
    training.train_to(per_epoch * changed->epochs, until);
    const TrialResult result = training.result();
    if (!result.finite || result.score < kConverged) continue;
    repair.recipe = *changed;
    repair.change = solution.name;
    return repair;
  }
  return repair;
}

}  // namespace evenflow::bench
