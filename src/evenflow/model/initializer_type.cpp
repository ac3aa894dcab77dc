#include "evenflow/model/initializer_type.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "evenflow/base/text.h"
#include "evenflow/model/initializers/draw.h"
#include "evenflow/model/registry_names.h"

namespace evenflow {

Fans fans(const Shape& shape) {
  if (shape.rank() == 0) return {1, 1};
  if (shape.rank() == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  const auto receptive = static_cast<double>(shape.count(0, shape.rank() - 2));
  return {receptive * static_cast<double>(shape[-2]), receptive * static_cast<double>(shape[-1])};
}

namespace {

const InitializerType* find_initializer(std::string_view name) {
  for (const InitializerType* type : all_initializers()) {
    if (type->id == name || is_among(name, type->alias)) return type;
  }
  return nullptr;
}

}  // namespace

const InitializerType& initializer_type(std::string_view id) {
  if (const InitializerType* type = find_initializer(id)) return *type;
  std::vector<std::string> names;
  for (const InitializerType* type : all_initializers()) {
    names.emplace_back(type->id);
    names.push_back(split(type->alias, ' ').front());
  }
  const std::string near = nearest(id, names);
  fail(ErrorKind::unsupported, "unknown initializer '{}'{}", printable(id),
       near.empty() ? "; known are " + join(names) : fmt::format("; did you mean '{}'?", near));
}

Item choose_initializer(const Json& config) {
  if (config.is_string()) return choose_initializer(Json{{"class_name", config}, {"config", Json::object()}});
  if (!config.is_object() || !config.contains("class_name") || !config["class_name"].is_string()) {
    fail(ErrorKind::input, "an initializer must be a name or a serialized object, not {}", config.dump());
  }
  const InitializerType& type = initializer_type(config["class_name"].get<std::string>());
  const Json given = config.contains("config") && config["config"].is_object() ? config["config"] : Json::object();
  Item item{.type = std::string(type.id)};
  const Json defaults = Json::parse(type.defaults);
  for (const auto& [key, standard] : defaults.items()) {
    item.config[key] = given.contains(key) && !given[key].is_null() ? given[key] : standard;
    const bool number = standard.is_number();
    if ((number && !item.config[key].is_number()) || (standard.is_string() && !item.config[key].is_string())) {
      fail(ErrorKind::input, "initializer '{}': '{}' must be a {}, not {}", type.id, key, number ? "number" : "name",
           item.config[key].dump());
    }
  }
  if (type.id == "VarianceScaling") initializers::scaling_from(item.config);
  return item;
}

namespace initializers {

Tensor draw_normal(const Shape& shape, double mean, double deviation, Random& random) {
  Tensor result(shape);
  for (float& value : result.values()) value = static_cast<float>(mean + deviation * random.normal());
  return result;
}

Tensor draw_truncated_normal(const Shape& shape, double mean, double deviation, Random& random) {
  Tensor result(shape);
  for (float& value : result.values()) {
    double z = random.normal();
    while (std::abs(z) > 2) z = random.normal();
    value = static_cast<float>(mean + deviation * z);
  }
  return result;
}

Tensor draw_uniform(const Shape& shape, double low, double high, Random& random) {
  Tensor result(shape);
  for (float& value : result.values()) value = static_cast<float>(random.uniform(low, high));
  return result;
}

Scaling scaling_from(const Json& config) {
  const std::string mode = config.at("mode");
  const std::string distribution = config.at("distribution");
  Scaling scaling{.scale = config.at("scale").get<double>()};
  if (mode == "fan_in")
    scaling.fan = Scaling::Fan::in;
  else if (mode == "fan_out")
    scaling.fan = Scaling::Fan::out;
  else if (mode == "fan_avg")
    scaling.fan = Scaling::Fan::average;
  else
    fail(ErrorKind::input, "VarianceScaling: mode '{}'; known are fan_in, fan_out, fan_avg", mode);
  // Keras 2 called the truncated normal distribution "normal".
  if (distribution == "truncated_normal" || distribution == "normal")
    scaling.distribution = Scaling::Distribution::truncated_normal;
  else if (distribution == "untruncated_normal")
    scaling.distribution = Scaling::Distribution::untruncated_normal;
  else if (distribution == "uniform")
    scaling.distribution = Scaling::Distribution::uniform;
  else
    fail(ErrorKind::input,
         "VarianceScaling: distribution '{}'; known are truncated_normal, untruncated_normal, uniform", distribution);
  return scaling;
}

double scaled_variance(const Shape& shape, const Scaling& scaling) {
  const Fans f = fans(shape);
  const double fan = scaling.fan == Scaling::Fan::in    ? f.in
                     : scaling.fan == Scaling::Fan::out ? f.out
                                                        : (f.in + f.out) / 2;
  return scaling.scale / std::max(1.0, fan);
}

Tensor draw_scaled(const Shape& shape, const Scaling& scaling, Random& random) {
  const double variance = scaled_variance(shape, scaling);
  switch (scaling.distribution) {
    case Scaling::Distribution::truncated_normal:
      return draw_truncated_normal(shape, 0, std::sqrt(variance) / kTruncatedDeviation, random);
    case Scaling::Distribution::untruncated_normal:
      return draw_normal(shape, 0, std::sqrt(variance), random);
    case Scaling::Distribution::uniform:
      return draw_uniform(shape, -std::sqrt(3 * variance), std::sqrt(3 * variance), random);
  }
  fail(ErrorKind::internal, "unknown distribution");
}

}  // namespace initializers
}  // namespace evenflow
