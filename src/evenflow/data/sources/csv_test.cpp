#include "evenflow/data/test_files.h"

namespace evenflow::sources {
extern const Source csv;
namespace {

using testing::corpus_bytes;
using testing::error_of;
using testing::parse;
using testing::values;

std::string complaint(std::string_view text, std::map<std::string, std::string> options = {}) {
  return error_of(ErrorKind::input, [&] { parse(csv, text, options); });
}
#define EXPECT_SAYS(message, part) EXPECT_NE((message).find(part), std::string::npos) << (message)

TEST(Csv, TextTargetsBecomeClassNumbersSortedByName) {
  const Dataset data = parse(csv, corpus_bytes("classes.csv"));
  EXPECT_EQ(data.x, Tensor({4, 2}, {5.1f, 3.5f, 7, 3.2f, 6.3f, 3.3f, 4.9f, 3}));
  EXPECT_EQ(values(data.y), (std::vector<float>{0, 1, 2, 0}));
  EXPECT_EQ(data.classes, 3);
  EXPECT_EQ(data.class_names, (std::vector<std::string>{"setosa", "versicolor", "virginica"}));
  EXPECT_EQ(parse(csv, "x,y\n1,b\n2,a\n").class_names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(values(parse(csv, "x,y\n1,b\n2,a\n").y), (std::vector<float>{1, 0}));
}

TEST(Csv, ReadsQuotesAsRfc4180) {
  const Dataset data = parse(csv, corpus_bytes("quoted.csv"));
  EXPECT_EQ(data.x, Tensor({2, 2}, {1.5f, 2, -300, 0.5f}));
  EXPECT_EQ(data.class_names, (std::vector<std::string>{"no \"way\"", "two\nlines"}));
  const Dataset headed = parse(csv, "\"say \"\"hi\"\"\",\"b,\"\n1,\"2\"\n", {{"target", "say \"hi\""}});
  EXPECT_EQ(values(headed.y), (std::vector<float>{1}));
}

TEST(Csv, FindsTheSeparator) {
  EXPECT_EQ(parse(csv, corpus_bytes("semicolons.csv")).x, Tensor({2, 2}, {1, 2, 3, 4}));
  EXPECT_EQ(parse(csv, "a\tb\n1\t2\n").x, Tensor({1, 1}, {1}));
  EXPECT_EQ(parse(csv, "a|b\n1|2\n", {{"separator", "|"}}).y, Tensor({1}, {2}));
  error_of(ErrorKind::usage, [] { parse(csv, "a,b\n1,2\n", {{"separator", "both"}}); });
}

TEST(Csv, ChoosesTheTargetByNameOrNumber) {
  const std::string table = "a,b,c\n1,2,3\n4,5,6\n";
  EXPECT_EQ(values(parse(csv, table).y), (std::vector<float>{3, 6}));
  EXPECT_EQ(values(parse(csv, table, {{"target", "b"}}).y), (std::vector<float>{2, 5}));
  EXPECT_EQ(values(parse(csv, table, {{"target", "1"}}).y), (std::vector<float>{1, 4}));
  EXPECT_EQ(parse(csv, table, {{"target", "1"}}).x, Tensor({2, 2}, {2, 3, 5, 6}));
  EXPECT_TRUE(parse(csv, table, {{"target", "none"}}).y.empty());
  EXPECT_EQ(parse(csv, table, {{"target", "none"}}).x.shape(), Shape({2, 3}));
  for (const char* wrong : {"0", "4", "d", "-1"}) {
    const std::string message = error_of(ErrorKind::usage, [&] { parse(csv, table, {{"target", wrong}}); });
    EXPECT_SAYS(message, "3 columns (1 to 3): a, b, c");
  }
  const std::string near = error_of(ErrorKind::usage, [&] { parse(csv, "width,label\n1,2\n", {{"target", "lable"}}); });
  EXPECT_SAYS(near, "did you mean 'label'?");
}

TEST(Csv, KnowsTablesWithoutHeaderLine) {
  EXPECT_EQ(parse(csv, corpus_bytes("numbers.csv")).x, Tensor({2, 2}, {1, 2, 3, 4}));
  // The names that pandas gives to nameless columns are a header line.
  EXPECT_EQ(parse(csv, "0,1,2\n5,6,7\n").x, Tensor({1, 2}, {5, 6}));
}

TEST(Csv, LineEndingsAndBlankLinesDoNotMatter) {
  const Tensor wanted({2, 1}, {1, 3});
  for (const char* text : {"a,b\n1,2\n3,4", "a,b\r\n1,2\r\n3,4\r\n", "a,b\n\n1,2\n\n\n3,4\n\n", "a,b\n 1 ,2\n3,4\r"}) {
    EXPECT_EQ(parse(csv, text).x, wanted) << text;
  }
}

TEST(Csv, ErrorsNameRowLineAndColumn) {
  EXPECT_SAYS(complaint("a,b\n1,2\nx,3\n"), "row 2 (line 3), column 1 ('a'): 'x' is no number");
  EXPECT_SAYS(complaint("a,b\n1,2\nx,3\n"), "the target is column 2 ('b')");
  EXPECT_SAYS(complaint("a,b\n1,2\n\n,3\n"), "row 2 (line 4), column 1 ('a'): the cell is empty");
  EXPECT_SAYS(complaint("a,b\n1,2\n3,\n"), "row 2 (line 3), column 2 ('b'): the target is empty");
  EXPECT_SAYS(complaint("a,b\n1,2\n3\n"), "row 2 (line 3) has 1 cells, the first line has 2");
  EXPECT_SAYS(complaint("a,b\n1,2\n3,4,5\n"), "row 2 (line 3) has 3 cells");
  EXPECT_SAYS(complaint("a,b\n1,2\nnan,4\n"), "row 2 (line 3), column 1 ('a'): 'nan' is not finite");
  EXPECT_SAYS(complaint("a,b\n1,2\n1e39,4\n"), "'1e39' is not finite");
  EXPECT_SAYS(complaint("a,b\n1,2\n3,inf\n"), "the target 'inf' is not finite");
  EXPECT_SAYS(complaint("a,b\n1,2\n3,?\n"), "the target '?' is no number, but those before it are");
  EXPECT_SAYS(complaint("a,b\n1,\"2\n3,4\n"), "line 2: a quote is never closed");
  EXPECT_SAYS(complaint("a,b\n1,\"2\"3\n"), "line 2: text follows a closing quote");
  EXPECT_SAYS(complaint("1,2,3\n4,x,6\n"), "row 2 (line 2), column 2: 'x' is no number");
  EXPECT_SAYS(complaint("a,b\n"), "no rows");
  EXPECT_SAYS(complaint(""), "no rows");
  EXPECT_SAYS(complaint(std::string_view("\xff\xfe"
                                         "a\0",
                                         4)),
              "UTF-16");
  EXPECT_SAYS(complaint("a\n1\n", {{"target", "a"}}), "no other column is left");
}

// Any prefix of a table may be a table; it must only never be anything else than that or an Error.
TEST(Csv, SurvivesDamage) {
  for (const std::string name : {"classes.csv", "quoted.csv", "semicolons.csv", "numbers.csv"}) {
    const std::string bytes = corpus_bytes(name);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      try {
        EXPECT_GT(parse(csv, bytes.substr(0, length)).x.shape()[0], 0);
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
      }
    }
    testing::expect_sound_when_flipped(csv, bytes);
  }
}

TEST(Csv, WideHeadersAndManyEmptyLinesTakeLittleMemory) {
  const std::string text =
      std::string(1 << 20, ',') + "\n" + std::string(1 << 20, '\n') + std::string(1 << 20, ',') + "\n";
  EXPECT_SAYS(complaint(text), "the cell is empty");
  EXPECT_SAYS(complaint(std::string(1 << 20, ',') + std::string(1 << 20, '\n')), "no rows");
}

}  // namespace
}  // namespace evenflow::sources
