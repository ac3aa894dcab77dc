#include "evenflow/base/text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "evenflow/base/error_of_test.h"

namespace evenflow {
namespace {

TEST(Text, ErrorsCarryTheirKind) {
  EXPECT_EQ(error_of([] { fail(ErrorKind::shape, "{} is not {}", 1, "two"); }), "shape: 1 is not two");
  EXPECT_EQ(to_string(ErrorKind::unsupported), "unsupported");
  EXPECT_EQ(to_string(ErrorKind::internal), "internal");
}

TEST(Text, Thousands) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1000), "1,000");
  EXPECT_EQ(with_thousands(-123456), "-123,456");
  EXPECT_EQ(with_thousands(1234567), "1,234,567");
  EXPECT_EQ(with_thousands(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(Text, SplitAndJoin) {
  EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string>{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), std::vector<std::string>{""});
  EXPECT_EQ(join(split("a,b,c", ',')), "a, b, c");
  EXPECT_EQ(join({}), "");
  EXPECT_EQ(lower("ReLU 6Ä"), "relu 6Ä");
}

// The right-hand sides are keras.src.utils.naming.to_snake_case of Keras 3.15.1.
TEST(Text, SnakeCaseAsKeras) {
  const std::pair<const char*, const char*> names[] = {
      {"ReLU", "re_lu"},
      {"PReLU", "p_re_lu"},
      {"LeakyReLU", "leaky_re_lu"},
      {"ELU", "elu"},
      {"Conv2D", "conv2d"},
      {"GlobalAveragePooling2D", "global_average_pooling2d"},
      {"BatchNormalization", "batch_normalization"},
      {"InputLayer", "input_layer"},
      {"MyABCLayer", "my_abc_layer"},
      {"lowerCase", "lower_case"},
      {"A", "a"},
      {"AbAb", "ab_ab"},
      {"ABc", "a_bc"},
      {"X1Aa", "x1_aa"},
      {"a-b C", "ab_c"},
      {"HTTPServerX", "http_server_x"},
      {"ABCdEfG", "ab_cd_ef_g"},
      {"aBCd", "a_b_cd"},
      {"", ""},
  };
  for (const auto& [from, to] : names) EXPECT_EQ(snake_case(from), to) << from;
}

TEST(Text, NearestCandidate) {
  const std::vector<std::string> names{"relu", "sigmoid", "softmax", "softplus"};
  EXPECT_EQ(nearest("Relu", names), "relu");
  EXPECT_EQ(nearest("sigmod", names), "sigmoid");
  EXPECT_EQ(nearest("softmx", names), "softmax");
  EXPECT_EQ(nearest("transformer", names), "");
  EXPECT_EQ(nearest("relu", {}), "");
}

TEST(Text, NumbersFromWholeText) {
  EXPECT_EQ(parse_number("-1.5e-3", "rate"), -1.5e-3);
  EXPECT_EQ(parse_integer("-42", "seed"), -42);
  for (const char* text : {"", " 1", "1 ", "1x", "+1", "1e999", "0x10"}) {
    EXPECT_EQ(error_of([&] { parse_number(text, "rate"); }), fmt::format("usage: rate: '{}' is not a number", text));
  }
  for (const char* text : {"", "1.0", "9223372036854775808", "1e3"}) {
    EXPECT_EQ(error_of([&] { parse_integer(text, "seed"); }),
              fmt::format("usage: seed: '{}' is not a whole number", text));
  }
}

TEST(Text, PrintableKeepsTextAndReplacesControlCharacters) {
  EXPECT_EQ(printable("dense_1 Ä 層"), "dense_1 Ä 層");
  EXPECT_EQ(printable("a\nb\t\x1b[31m\x7f"), "a\\nb\\x09\\x1b[31m\\x7f");
  EXPECT_EQ(printable("\u009b31m"), "\\x9b31m");  // CSI in one character
  EXPECT_EQ(printable("\xc2"), "\xc2");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
}

}  // namespace
}  // namespace evenflow
