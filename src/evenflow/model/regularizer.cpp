#include "evenflow/model/regularizer.h"

#include <string>

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

constexpr double kDefaultFactor = 0.01;  // of L1() and L2() in Keras; L1L2() has 0

double factor(const Json& config, const char* key, double fallback) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return fallback;
  if (!found->is_number()) fail(ErrorKind::input, "regularizer: {} must be a number, not {}", key, found->dump());
  return found->get<double>();
}

}  // namespace

Item choose_regularizer(const Json& config) {
  if (config.is_null()) return {};
  const bool object = config.is_object();
  const Json class_name = object && config.contains("class_name") ? config["class_name"] : config;
  const std::string given = class_name.is_string() ? class_name.get<std::string>() : "";
  const Json numbers =
      object && config.contains("config") && config["config"].is_object() ? config["config"] : Json::object();
  const std::string name = lower(given);
  if (name == "l1") return {"L1", {{"l1", factor(numbers, "l1", kDefaultFactor)}}};
  if (name == "l2") return {"L2", {{"l2", factor(numbers, "l2", kDefaultFactor)}}};
  if (name == "l1l2" || name == "l1_l2") {
    const double fallback = object ? 0.0 : kDefaultFactor;  // Keras 2's function l1_l2(l1=0.01, l2=0.01)
    return {"L1L2", {{"l1", factor(numbers, "l1", fallback)}, {"l2", factor(numbers, "l2", fallback)}}};
  }
  fail(ErrorKind::unsupported, "unknown regularizer {}; known are L1, L2 and L1L2", printable(config.dump()));
}

Penalty penalty(const Item& regularizer) {
  return {.l1 = regularizer.config.value("l1", 0.0), .l2 = regularizer.config.value("l2", 0.0)};
}

}  // namespace evenflow
