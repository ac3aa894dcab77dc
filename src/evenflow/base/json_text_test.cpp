#include "evenflow/base/json_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "evenflow/base/error_of_test.h"

namespace evenflow {
namespace {

TEST(JsonText, PythonsTokensBecomeNullOutsideOfStringsOnly) {
  const Json json = parse_json(R"({"a": NaN, "b": [Infinity, -Infinity, -1], "NaN": "-Infinity \"NaN\\"})", "config");
  EXPECT_EQ(json.dump(), R"({"a":null,"b":[null,null,-1],"NaN":"-Infinity \"NaN\\"})");
  EXPECT_EQ(parse_json("NaN", "x"), nullptr);
}

TEST(JsonText, OrderOfKeysIsKept) {
  EXPECT_EQ(parse_json(R"({"z": 1, "a": 2})", "x").dump(), R"({"z":1,"a":2})");
}

TEST(JsonText, DamageIsNamedWithItsPlace) {
  EXPECT_EQ(
      error_of([] { parse_json(R"([-Infinity, 1 2])", "model.keras: config.json"); }),
      "input: model.keras: config.json: damaged JSON: parse error at line 1, column 15: syntax error while parsing "
      "array - unexpected number literal; expected ']'");
  for (const char* text :
       {"", "{", "[1,]", "\"\\", "\"abc", "{\"a\"}", "nul", "Inf", "NaNa", "-", "1e999", "\"\xff\"", "[1] 2"}) {
    EXPECT_TRUE(error_of([&] { parse_json(text, "x"); }).starts_with("input: x: damaged JSON: ")) << text;
  }
}

TEST(JsonText, NestingHasALimit) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_NO_THROW(parse_json(nested(200), "x"));
  EXPECT_EQ(error_of([&] { parse_json(nested(201), "x"); }), "input: x: nested more than 200 levels deep");
  EXPECT_EQ(error_of([&] { parse_json(std::string(5'000'000, '['), "x"); }),
            "input: x: nested more than 200 levels deep");
  EXPECT_NO_THROW(parse_json('"' + std::string(300, '[') + '"', "x"));
}

TEST(JsonText, NumbersThatJsonCannotHold) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(number(0.1).dump(), "0.1");
  EXPECT_EQ(number(std::nan("")), "NaN");
  EXPECT_EQ(number(kInfinity), "Infinity");
  EXPECT_EQ(number(-kInfinity), "-Infinity");
}

}  // namespace
}  // namespace evenflow
