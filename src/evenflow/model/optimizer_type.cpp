#include "evenflow/model/optimizer_type.h"

#include <algorithm>
#include <array>

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

constexpr std::array<std::string_view, 3> kClippings{"clipnorm", "global_clipnorm", "clipvalue"};
// What Keras writes beside the hyper-parameters and what changes nothing here.
constexpr std::array<std::string_view, 10> kIgnored{
    "name",  "jit_compile", "is_legacy_optimizer", "ema_momentum",  "ema_overwrite_frequency", "lr",
    "decay", "dtype",       "trainable",           "schedule_decay"};

template <class Item>
const Item* find_ignoring_case(std::span<const Item* const> items, std::string_view name) {
  const std::string wanted = lower(name);
  for (const Item* item : items) {
    if (lower(item->id) == wanted) return item;
  }
  return nullptr;
}

template <class Item>
[[noreturn]] void fail_unknown_id(std::string_view kind, std::string_view name, std::span<const Item* const> items) {
  std::vector<std::string> names;
  for (const Item* item : items) names.push_back(lower(item->id));
  const std::string near = nearest(name, names);
  fail(ErrorKind::unsupported, "unknown {} '{}'{}", kind, printable(name),
       near.empty() ? "; known are " + join(names) : fmt::format("; did you mean '{}'?", near));
}

bool is_set(const Json& config, std::string_view key) {
  const auto found = config.find(std::string(key));
  return found != config.end() && !found->is_null() && *found != false;
}

// Keras before it became a part of TensorFlow; tf.keras had the same version numbers, but named its optimizers.
bool is_stand_alone_keras2(const Json& given, KerasVersion version) {
  return version.major == 2 && version.minor <= 3 && !given.contains("name");
}

// What a key that is absent stands for.
Json standard_value(const OptimizerType& type, const std::string& key, const Json& standard, bool stand_alone) {
  if (stand_alone && type.id == "Adagrad") {
    if (key == "learning_rate") return 0.01;
    if (key == "initial_accumulator_value") return 0.0;
  }
  return standard;
}

// The given value where it has the standard's kind, the standard where it is absent or null.
Json pick(const Json& given, const std::string& key, const Json& standard, std::string_view owner) {
  if (!given.contains(key) || given[key].is_null()) return standard;
  const Json& value = given[key];
  const bool fits = standard.is_boolean() ? value.is_boolean()
                    : standard.is_array() ? value.is_array()
                                          : value.is_number();
  if (!fits && !standard.is_null()) fail(ErrorKind::input, "{}: '{}' cannot be {}", owner, key, value.dump());
  return value;
}

Json choose_schedule(const Json& config) {
  if (!config.contains("class_name") || !config["class_name"].is_string()) {
    fail(ErrorKind::input, "a learning rate must be a number or a serialized schedule, not {}", config.dump());
  }
  const std::string name = config["class_name"];
  const ScheduleType* type = find_ignoring_case(all_schedules(), name);
  if (type == nullptr) fail_unknown_id("learning-rate schedule", name, all_schedules());
  const Json given = config.contains("config") && config["config"].is_object() ? config["config"] : Json::object();
  Json complete = Json::object();
  const Json defaults = Json::parse(type->defaults);
  for (const auto& [key, standard] : defaults.items()) {
    complete[key] = pick(given, key, standard, type->id);
    if (standard.is_number() && !complete[key].is_number())
      fail(ErrorKind::input, "{}: '{}' must be a number", type->id, key);
  }
  Json schedule{{"class_name", type->id}, {"config", complete}};
  type->rate(complete, 0);  // refuses what is missing
  return schedule;
}

Json choose_rate(const Json& given, const Json& standard) {
  const std::string key = given.contains("learning_rate") ? "learning_rate" : "lr";  // "lr" until Keras 2.2
  Json rate = given.contains(key) && !given[key].is_null() ? given[key] : standard;
  if (rate.is_object()) return choose_schedule(rate);
  if (!rate.is_number())
    fail(ErrorKind::input, "a learning rate must be a number or a serialized schedule, not {}", rate.dump());
  if (rate.get<double>() < 0) fail(ErrorKind::input, "a learning rate cannot be negative: {}", rate.dump());
  // Keras 2's decay: lr / (1 + decay * iterations). Keras 3 ignores it.
  if (is_set(given, "decay") && given["decay"].is_number() && given["decay"].get<double>() > 0) {
    return choose_schedule(
        {{"class_name", "InverseTimeDecay"},
         {"config", {{"initial_learning_rate", rate}, {"decay_steps", 1}, {"decay_rate", given["decay"]}}}});
  }
  return rate.get<double>();
}

void refuse_unsupported(const OptimizerType& type, const Json& given) {
  for (const std::string_view key : {"use_ema", "loss_scale_factor", "gradient_accumulation_steps"}) {
    if (is_set(given, key))
      fail(ErrorKind::unsupported, "optimizer {}: '{}' = {}", type.id, key, given[std::string(key)].dump());
  }
  const Json own = Json::parse(type.defaults);
  for (const auto& [key, value] : given.items()) {
    const bool known = own.contains(key) || key == "weight_decay" ||
                       std::count(kClippings.begin(), kClippings.end(), key) > 0 ||
                       std::count(kIgnored.begin(), kIgnored.end(), key) > 0;
    if (!known && !value.is_null() && value != false)
      fail(ErrorKind::unsupported, "optimizer {}: unknown setting '{}' = {}", type.id, key, value.dump());
  }
}

Json choose_clippings(const Json& given, KerasVersion version) {
  Json result = Json::object();
  for (const std::string_view key : kClippings) {
    const std::string name(key);
    result[name] = pick(given, name, nullptr, "optimizer");
    if (!result[name].is_null() && !result[name].is_number())
      fail(ErrorKind::input, "optimizer: '{}' must be a number", name);
    if (!result[name].is_null() && result[name].get<double>() <= 0) result[name] = nullptr;  // Keras: disabled
  }
  // Stand-alone Keras 2 measured clipnorm over all gradients together.
  if (is_stand_alone_keras2(given, version) && !result["clipnorm"].is_null()) {
    std::swap(result["clipnorm"], result["global_clipnorm"]);
  }
  std::vector<std::string> set;
  for (const auto& [key, value] : result.items()) {
    if (value.is_null()) continue;
    set.push_back(key);
    if (version.major == 2 && version.minor >= 11) break;  // tf.keras took the first and forgot the others
  }
  if (set.size() == 1) {
    for (auto& [key, value] : result.items()) {
      if (key != set.front()) value = nullptr;
    }
  }
  if (set.size() > 1)
    fail(ErrorKind::usage, "only one of clipnorm, global_clipnorm and clipvalue can be set, not {}",
         join(set, " and "));
  return result;
}

}  // namespace

const OptimizerType& optimizer_type(std::string_view id) {
  if (id.starts_with("Custom>")) id.remove_prefix(7);  // a spelling of tf.keras
  const OptimizerType* type = find_ignoring_case(all_optimizers(), id);
  if (type == nullptr) fail_unknown_id("optimizer", id, all_optimizers());
  return *type;
}

Item choose_optimizer(const Json& config, KerasVersion version) {
  if (config.is_string()) return choose_optimizer(Json{{"class_name", config}, {"config", Json::object()}}, version);
  if (!config.is_object() || !config.contains("class_name") || !config["class_name"].is_string()) {
    fail(ErrorKind::input, "an optimizer must be a name or a serialized object, not {}", config.dump());
  }
  const OptimizerType& type = optimizer_type(config["class_name"].get<std::string>());
  const Json given = config.contains("config") && config["config"].is_object() ? config["config"] : Json::object();
  refuse_unsupported(type, given);

  Item item{.type = std::string(type.id)};
  const Json defaults = Json::parse(type.defaults);
  const bool stand_alone = is_stand_alone_keras2(given, version);
  for (const auto& [key, keras3] : defaults.items()) {
    const Json standard = standard_value(type, key, keras3, stand_alone);
    item.config[key] = key == "learning_rate" ? choose_rate(given, standard) : pick(given, key, standard, type.id);
  }
  if (!item.config.contains("weight_decay")) item.config["weight_decay"] = nullptr;
  if (given.contains("weight_decay") && given["weight_decay"].is_number())
    item.config["weight_decay"] = given["weight_decay"];
  item.config.update(choose_clippings(given, version));
  return item;
}

Clipping clipping(const Item& optimizer) {
  const auto threshold = [&](const char* key) {
    return optimizer.config.contains(key) && optimizer.config[key].is_number() ? optimizer.config[key].get<double>()
                                                                               : 0.0;
  };
  if (const double norm = threshold("clipnorm"); norm > 0) return {Clipping::Kind::norm, norm};
  if (const double global = threshold("global_clipnorm"); global > 0) return {Clipping::Kind::global_norm, global};
  if (const double value = threshold("clipvalue"); value > 0) return {Clipping::Kind::value, value};
  return {};
}

std::optional<double> weight_decay(const Item& optimizer) {
  if (!optimizer.config.contains("weight_decay") || !optimizer.config["weight_decay"].is_number()) return std::nullopt;
  return optimizer.config["weight_decay"].get<double>();
}

double learning_rate(const Item& optimizer, std::uint64_t step) {
  const Json& rate = optimizer.config.at("learning_rate");
  if (rate.is_number()) return rate.get<double>();
  return find_ignoring_case(all_schedules(), rate.at("class_name").get<std::string>())->rate(rate.at("config"), step);
}

}  // namespace evenflow
