// Models written in C++: layers, optimizers and chains that read like Keras.
#include <set>
#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/model.h"
#include "evenflow/model/layer_builder.h"

namespace evenflow {
namespace {

// Keras's "kernel_size": one number stands for both axes.
Json pair(const std::vector<std::int64_t>& numbers) {
  if (numbers.size() == 1) return {numbers[0], numbers[0]};
  return numbers;
}

Layer named(Layer layer, const std::string& name) {
  layer.name = name;
  return layer;
}

void set_clipping(Json& config, const std::optional<double>& decay, const std::optional<double>& norm,
                  const std::optional<double>& global_norm, const std::optional<double>& value) {
  if (decay) config["weight_decay"] = *decay;
  if (norm) config["clipnorm"] = *norm;
  if (global_norm) config["global_clipnorm"] = *global_norm;
  if (value) config["clipvalue"] = *value;
}

// "dense", "dense_1", ...: the first that is free.
std::string free_name(const std::string& stem, const std::set<std::string>& used) {
  std::string name = stem;
  for (int i = 1; used.contains(name); ++i) name = fmt::format("{}_{}", stem, i);
  return name;
}

}  // namespace

Layer layer(std::string type, Json config) {
  Layer result{.type = std::move(type), .config = std::move(config)};
  const auto name = result.config.find("name");
  if (name != result.config.end() && name->is_string()) {
    result.name = name->get<std::string>();
    result.config.erase(name);
  }
  return result;
}

Input::operator Layer() const {
  Json batch_shape = Json::array({nullptr});
  for (const std::int64_t extent : shape) batch_shape.push_back(extent);
  return layer("InputLayer", {{"batch_shape", std::move(batch_shape)}});
}

Dense::operator Layer() const {
  return named(layer("Dense", {{"units", units},
                               {"activation", activation},
                               {"use_bias", use_bias},
                               {"kernel_initializer", kernel_initializer},
                               {"bias_initializer", bias_initializer}}),
               name);
}

Conv2D::operator Layer() const {
  return named(layer("Conv2D", {{"filters", filters},
                                {"kernel_size", pair(kernel_size)},
                                {"strides", pair(strides)},
                                {"padding", padding},
                                {"activation", activation},
                                {"use_bias", use_bias},
                                {"kernel_initializer", kernel_initializer}}),
               name);
}

MaxPooling2D::operator Layer() const {
  return layer("MaxPooling2D", {{"pool_size", pair(pool_size)}, {"padding", padding}});
}

Flatten::operator Layer() const {
  return layer("Flatten");
}

Dropout::operator Layer() const {
  return layer("Dropout", {{"rate", rate}});
}

BatchNormalization::operator Layer() const {
  return layer("BatchNormalization", {{"momentum", momentum}, {"epsilon", epsilon}});
}

Activation::operator Layer() const {
  return layer("Activation", {{"activation", activation}});
}

Model sequential(std::vector<Layer> layers, std::string name) {
  if (layers.empty() || layers.front().type != "InputLayer") {
    fail(ErrorKind::usage, "a sequential model begins with Input, which gives the shape of a sample");
  }
  std::set<std::string> used;
  for (const Layer& one : layers) {
    if (!one.name.empty() && !used.insert(one.name).second) {
      fail(ErrorKind::usage, "two layers have the name '{}'; names must differ", printable(one.name));
    }
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    Layer& one = layers[i];
    if (one.name.empty()) used.insert(one.name = free_name(snake_case(one.type), used));
    if (i > 0) one.inputs = {layers[i - 1].name};
  }
  Model model{.name = std::move(name), .layers = std::move(layers)};
  model.outputs = {model.layers.back().name};
  validate(model);
  return model;
}

SGD::operator Item() const {
  Item item{"SGD", {{"learning_rate", learning_rate}, {"momentum", momentum}, {"nesterov", nesterov}}};
  set_clipping(item.config, weight_decay, clipnorm, global_clipnorm, clipvalue);
  return item;
}

Adam::operator Item() const {
  Item item{"Adam",
            {{"learning_rate", learning_rate},
             {"beta_1", beta_1},
             {"beta_2", beta_2},
             {"epsilon", epsilon},
             {"amsgrad", amsgrad}}};
  set_clipping(item.config, weight_decay, clipnorm, global_clipnorm, clipvalue);
  return item;
}

AdamW::operator Item() const {
  Item item{"AdamW", {{"learning_rate", learning_rate}, {"beta_1", beta_1}, {"beta_2", beta_2}, {"epsilon", epsilon}}};
  set_clipping(item.config, weight_decay, clipnorm, global_clipnorm, clipvalue);
  return item;
}

RMSprop::operator Item() const {
  Item item{"RMSprop",
            {{"learning_rate", learning_rate},
             {"rho", rho},
             {"momentum", momentum},
             {"epsilon", epsilon},
             {"centered", centered}}};
  set_clipping(item.config, weight_decay, clipnorm, global_clipnorm, clipvalue);
  return item;
}

Adagrad::operator Item() const {
  Item item{"Adagrad",
            {{"learning_rate", learning_rate},
             {"initial_accumulator_value", initial_accumulator_value},
             {"epsilon", epsilon}}};
  set_clipping(item.config, weight_decay, clipnorm, global_clipnorm, clipvalue);
  return item;
}

}  // namespace evenflow
