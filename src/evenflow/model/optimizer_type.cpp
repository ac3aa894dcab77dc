#include "evenflow/model/optimizer_type.h"

#include <algorithm>
#include <array>

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

constexpr std::array<std::string_view, 3> kClippings{"clipnorm", "global_clipnorm", "clipvalue"};
// Keras's settings of every optimizer beside clipping; complete configurations have those that are set.
constexpr std::array<std::string_view, 5> kCommon{"use_ema", "ema_momentum", "ema_overwrite_frequency",
                                                  "loss_scale_factor", "gradient_accumulation_steps"};
// What Keras writes beside the hyper-parameters and what changes nothing here.
constexpr std::array<std::string_view, 8> kIgnored{"name",  "jit_compile", "is_legacy_optimizer", "lr",
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

// Whose optimizer a configuration describes.
enum class Era : std::uint8_t {
  keras2,    // stand-alone Keras 2.2 and 2.3
  tf_keras,  // until 2.10, and later the "legacy" optimizers
  today,
};

// tf.keras had the version numbers of stand-alone Keras, but named its optimizers.
Era era(const Json& given, KerasVersion version) {
  if (is_set(given, "is_legacy_optimizer")) return Era::tf_keras;
  if (version.major != 2 || version.minor > 10) return Era::today;
  return version.minor <= 3 && !given.contains("name") ? Era::keras2 : Era::tf_keras;
}

// What keys that are absent stand for.
Json standard_config(const OptimizerType& type, Era era) {
  Json standard = Json::parse(type.defaults);
  if (era == Era::keras2) standard.update(Json::parse(type.keras2));
  if (era == Era::tf_keras) standard.update(Json::parse(type.tf_keras));
  return standard;
}

// Nadam of Keras 2 has a rate that its momentum's schedule decays with; tf.keras wrote it as "decay".
void rename_schedule_decay(Json& given, Era era) {
  const char* key = era == Era::tf_keras ? "decay" : "schedule_decay";
  if (era == Era::today || !given.contains(key)) return;
  given["keras2_schedule_decay"] = given[key];
  given.erase(key);
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

Json choose_rate(const Json& given, const Json& standard, Era era) {
  const std::string key = given.contains("learning_rate") ? "learning_rate" : "lr";  // "lr" until Keras 2.2
  Json rate = given.contains(key) && !given[key].is_null() ? given[key] : standard;
  if (rate.is_object()) return choose_schedule(rate);
  if (!rate.is_number())
    fail(ErrorKind::input, "a learning rate must be a number or a serialized schedule, not {}", rate.dump());
  if (rate.get<double>() < 0) fail(ErrorKind::input, "a learning rate cannot be negative: {}", rate.dump());
  // Keras 2's decay: lr / (1 + decay * iterations). Keras 3 ignores it.
  const bool decays = era != Era::today && is_set(given, "decay") && given["decay"].is_number();
  if (decays && given["decay"].get<double>() > 0) {
    return choose_schedule(
        {{"class_name", "InverseTimeDecay"},
         {"config", {{"initial_learning_rate", rate}, {"decay_steps", 1}, {"decay_rate", given["decay"]}}}});
  }
  return rate.get<double>();
}

void refuse_unknown_keys(const OptimizerType& type, const Json& given) {
  const Json own = Json::parse(type.defaults);
  for (const auto& [key, value] : given.items()) {
    const bool known =
        own.contains(key) || key == "weight_decay" || std::count(kClippings.begin(), kClippings.end(), key) > 0 ||
        std::count(kCommon.begin(), kCommon.end(), key) > 0 || std::count(kIgnored.begin(), kIgnored.end(), key) > 0;
    if (!known && !value.is_null() && value != false)
      fail(ErrorKind::unsupported, "optimizer {}: unknown setting '{}' = {}", type.id, key, value.dump());
  }
}

// Of the common settings those that are in force.
Json choose_common(const OptimizerType& type, const Json& given) {
  const auto in_range = [&](const char* key, double low, double high, const char* range) -> std::optional<double> {
    if (!is_set(given, key)) return std::nullopt;
    const bool fits = given[key].is_number() && given[key].get<double>() >= low && given[key].get<double>() <= high;
    if (!fits) fail(ErrorKind::input, "{}: '{}' must be {}, not {}", type.id, key, range, given[key].dump());
    return given[key].get<double>();
  };
  constexpr double kMost = 1e15;
  Json common = Json::object();
  if (is_set(given, "use_ema")) {
    common["use_ema"] = true;
    common["ema_momentum"] = in_range("ema_momentum", 0, 1, "from 0 to 1").value_or(0.99);
    if (const auto every = in_range("ema_overwrite_frequency", 1, kMost, "a whole number from 1"))
      common["ema_overwrite_frequency"] = static_cast<std::int64_t>(*every);
  }
  if (const auto factor = in_range("loss_scale_factor", 1e-30, 1e30, "a positive number"))
    common["loss_scale_factor"] = *factor;
  if (const auto steps = in_range("gradient_accumulation_steps", 2, kMost, "a whole number from 2"))
    common["gradient_accumulation_steps"] = static_cast<std::int64_t>(*steps);
  return common;
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
  if (era(given, version) == Era::keras2 && !result["clipnorm"].is_null()) {
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
  Json given = config.contains("config") && config["config"].is_object() ? config["config"] : Json::object();
  const Era whose = era(given, version);
  if (type.id == "Nadam") rename_schedule_decay(given, whose);
  refuse_unknown_keys(type, given);

  Item item{.type = std::string(type.id)};
  const Json defaults = standard_config(type, whose);
  for (const auto& [key, standard] : defaults.items()) {
    item.config[key] =
        key == "learning_rate" ? choose_rate(given, standard, whose) : pick(given, key, standard, type.id);
  }
  if (!item.config.contains("weight_decay")) item.config["weight_decay"] = nullptr;
  if (given.contains("weight_decay") && given["weight_decay"].is_number())
    item.config["weight_decay"] = given["weight_decay"];
  item.config.update(choose_clippings(given, version));
  item.config.update(choose_common(type, given));
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

std::optional<MovingAverage> moving_average(const Item& optimizer) {
  if (!is_set(optimizer.config, "use_ema")) return std::nullopt;
  return MovingAverage{.momentum = optimizer.config.value("ema_momentum", 0.99),
                       .overwrite_frequency = optimizer.config.value("ema_overwrite_frequency", std::int64_t{0})};
}

std::int64_t accumulation_steps(const Item& optimizer) {
  return optimizer.config.value("gradient_accumulation_steps", std::int64_t{1});
}

double loss_scale(const Item& optimizer) {
  return optimizer.config.value("loss_scale_factor", 1.0);
}

double learning_rate(const Item& optimizer, std::uint64_t step) {
  const Json& rate = optimizer.config.at("learning_rate");
  if (rate.is_number()) return rate.get<double>();
  return find_ignoring_case(all_schedules(), rate.at("class_name").get<std::string>())->rate(rate.at("config"), step);
}

}  // namespace evenflow
