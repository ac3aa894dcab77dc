#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "evenflow/base/files.h"
#include "evenflow/base/json_text.h"
#include "evenflow/report.h"
#include "evenflow/report/traces_test.h"

namespace evenflow {
namespace {

using report_test::chain;
using report_test::finding;

const Json& schema() {
  static const Json json = parse_json(read_file(EVENFLOW_SOURCE_DIR "/docs/check.schema.json"), "schema");
  return json;
}

const Json& resolve(const Json& node) {
  if (!node.contains("$ref")) return node;
  return schema()["$defs"][node["$ref"].get<std::string>().substr(std::string("#/$defs/").size())];
}

bool has_type(const Json& value, const std::string& type) {
  return (type == "string" && value.is_string()) || (type == "integer" && value.is_number_integer()) ||
         (type == "number" && value.is_number()) || (type == "boolean" && value.is_boolean()) ||
         (type == "null" && value.is_null()) || (type == "array" && value.is_array()) ||
         (type == "object" && value.is_object());
}

// The part of JSON Schema that the document uses. Returns the first fault, or nothing.
std::string fault(const Json& value, const Json& node, const std::string& where) {
  const Json& rule = resolve(node);
  if (rule.contains("const") && value != rule["const"]) return where + ": not the constant";
  if (rule.contains("enum") && std::find(rule["enum"].begin(), rule["enum"].end(), value) == rule["enum"].end()) {
    return where + ": not one of the enum: " + value.dump();
  }
  if (rule.contains("anyOf")) {
    bool fits = false;
    for (const Json& option : rule["anyOf"]) fits = fits || fault(value, option, where).empty();
    if (!fits) return where + ": fits no option: " + value.dump();
  }
  if (rule.contains("type")) {
    bool fits = false;
    const Json types = rule["type"].is_array() ? rule["type"] : Json::array({rule["type"]});
    for (const Json& type : types) fits = fits || has_type(value, type.get<std::string>());
    if (!fits) return where + ": wrong type: " + value.dump();
  }
  if (value.is_object()) {
    for (const Json& key : rule["required"]) {
      if (!value.contains(key.get<std::string>())) return where + ": misses " + key.dump();
    }
    for (const auto& [key, element] : value.items()) {
      if (!rule["properties"].contains(key)) return where + ": undocumented key " + key;
      if (const std::string inner = fault(element, rule["properties"][key], where + "." + key); !inner.empty())
        return inner;
    }
    if (rule["required"].size() != rule["properties"].size()) return where + ": the schema has optional keys";
  }
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (const std::string inner = fault(value[i], rule["items"], where + "[" + std::to_string(i) + "]");
          !inner.empty())
        return inner;
    }
  }
  return "";
}

TEST(CheckJson, FitsItsSchema) {
  const Finding findings[] = {finding()};
  EXPECT_EQ(fault(check_json(chain(5, -0.63), findings), schema(), "root"), "");
  EXPECT_EQ(fault(check_json(Trace{.protocol = "cotangent", .batch_size = 1, .batches = 1}, {}), schema(), "root"), "");
}

TEST(CheckJson, TheSchemaCanFail) {
  Json json = check_json(chain(5, -0.63), {});
  json["layers"][1].erase("dead");
  EXPECT_EQ(fault(json, schema(), "root"), "root.layers[1]: misses \"dead\"");
  json = check_json(chain(5, -0.63), {});
  json["flow"]["total_decades"] = 3;
  EXPECT_NE(fault(json, schema(), "root"), "");
  json = check_json(chain(5, -0.63), {});
  json["extra"] = 1;
  EXPECT_EQ(fault(json, schema(), "root"), "root: undocumented key extra");
}

TEST(CheckJson, NumbersOfAnySize) {
  Trace trace = chain(3, -200);
  trace.layers[1].backward_norm = kZeroNorm;
  trace.layers[2].second_moment = std::numeric_limits<double>::infinity();
  trace.layers[2].backward_norm = 400.0;
  const Json json = check_json(trace, {});
  EXPECT_EQ(fault(json, schema(), "root"), "");
  EXPECT_EQ(json["layers"][1]["backward_norm"], 0.0);
  EXPECT_TRUE(json["layers"][1]["log10_backward_norm"].is_null());
  EXPECT_EQ(json["layers"][2]["second_moment"], "Infinity");
  EXPECT_EQ(json["layers"][2]["backward_norm"], "Infinity");
  EXPECT_EQ(json["layers"][2]["log10_backward_norm"], 400.0);
  EXPECT_EQ(json["layers"][2]["log10_pre_activation_norm"], -200.0);
  EXPECT_NO_THROW(parse_json(json.dump(), "dump"));
}

TEST(CheckJson, HasTheFlow) {
  Trace trace = chain(30, -0.63);
  trace.total_decades.deviation = 0.06;
  const Json json = check_json(trace, {});
  EXPECT_EQ(json["schema_version"], 1);
  EXPECT_NEAR(json["flow"]["total_decades"]["mean"].get<double>(), -18.27, 1e-9);
  EXPECT_EQ(json["flow"]["total_decades"]["std"], 0.06);
  EXPECT_EQ(json["flow"]["path"].size(), 30u);
  EXPECT_EQ(json["layers"].size(), 31u);
  EXPECT_TRUE(json["layers"][0]["activation"].is_null());
  EXPECT_NEAR(json["layers"][30]["backward_norm"].get<double>(), std::pow(10.0, 0.6), 1e-9);
}

}  // namespace
}  // namespace evenflow
