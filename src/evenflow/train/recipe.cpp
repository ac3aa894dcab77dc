#include "evenflow/base/text.h"
#include "evenflow/train.h"

namespace evenflow {

Json to_json(const Recipe& recipe) {
  return {{"model", to_json(recipe.model)},
          {"data", recipe.data},
          {"epochs", recipe.epochs},
          {"batch_size", recipe.batch_size},
          {"validation_split", recipe.validation_split},
          {"shuffle", recipe.shuffle},
          {"seed", recipe.seed}};
}

Recipe recipe_from_json(const Json& json) {
  try {
    return {.model = model_from_json(json.at("model")),
            .data = json.at("data").get<std::string>(),
            .epochs = json.at("epochs").get<int>(),
            .batch_size = json.at("batch_size").get<int>(),
            .validation_split = json.at("validation_split").get<double>(),
            .shuffle = json.at("shuffle").get<bool>(),
            .seed = json.at("seed").get<std::uint64_t>()};
  } catch (const Json::exception& error) {
    fail(ErrorKind::input, "recipe: {}", error.what());
  }
}

}  // namespace evenflow
