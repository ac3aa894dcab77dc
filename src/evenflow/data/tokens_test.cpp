#include "evenflow/data/tokens.h"

#include "evenflow/data/test_files.h"

namespace evenflow {
namespace {

using testing::error_of;
using Words = std::vector<std::string>;

TEST(Tokens, WordsAreThoseOfKerasTextVectorization) {
  // keras.layers.TextVectorization(standardize="lower_and_strip_punctuation", split="whitespace")
  EXPECT_EQ(words_of("  The cat's\tBIG,fat\nhat -- 42! \xc3\x84h"),
            (Words{"the", "cats", "bigfat", "hat", "42", "\xc3\x84h"}));
  EXPECT_TRUE(words_of(" .. \n").empty());
}

TEST(Tokens, FrequentWordsComeFirst) {
  const std::vector<std::string_view> texts = {"b a c", "a b", "A"};
  EXPECT_EQ(count_vocabulary(texts, 100), (Words{"", "[UNK]", "a", "b", "c"}));
  EXPECT_EQ(count_vocabulary(texts, 4), (Words{"", "[UNK]", "a", "b"}));
  const std::vector<std::string_view> equal = {"x z y"};
  EXPECT_EQ(count_vocabulary(equal, 100), (Words{"", "[UNK]", "z", "y", "x"}));
}

TEST(Tokens, VocabulariesAreReadAsTheyAreWritten) {
  const Words words = {"", "[UNK]", "the", "a"};
  EXPECT_EQ(vocabulary_text(words), "\n[UNK]\nthe\na\n");
  EXPECT_EQ(read_vocabulary(vocabulary_text(words)), words);
  EXPECT_EQ(read_vocabulary("\r\n[UNK]\r\nthe\r\na"), words);
  for (const char* wrong : {"", "the\na\n", "\nthe\n", "\n"}) {
    EXPECT_FALSE(error_of(ErrorKind::input, [&] { read_vocabulary(wrong); }).empty()) << wrong;
  }
  const std::string twice = error_of(ErrorKind::input, [] { read_vocabulary("\n[UNK]\na\nb\na\n"); });
  EXPECT_NE(twice.find("line 5: 'a' stands in line 3 already"), std::string::npos) << twice;
}

TEST(Tokens, RowsAreFilledUpAndCut) {
  const std::vector<float> numbers = {1, 2, 3, 4};
  const std::span<const float> all = numbers;
  const std::vector<std::span<const float>> rows = {all.first(3), all.first(0), all.last(1)};
  EXPECT_EQ(padded_rows(rows, {}, 0, 0), Tensor({3, 3}, {1, 2, 3, 0, 0, 0, 4, 0, 0}));
  EXPECT_EQ(padded_rows(rows, {}, 2, 0), Tensor({3, 2}, {1, 2, 0, 0, 4, 0}));
  const std::vector<std::span<const float>> pairs = {all.first(2), all};
  EXPECT_EQ(padded_rows(pairs, {2}, 0, 0), Tensor({2, 2, 2}, {1, 2, 0, 0, 1, 2, 3, 4}));
  EXPECT_FALSE(error_of(ErrorKind::input, [&] { padded_rows(rows, {}, 1 << 20, 100); }).empty());
}

TEST(Tokens, TextColumnsOfTablesAreInputs) {
  const testing::Folder folder;
  const std::string table = folder.write("t.csv", "id,review,label\n1,\"Good, good film\",yes\n2,bad film,no\n3,,no\n");
  const std::string words = (folder / "words.txt").string();
  const Dataset data = load_data(table + ":text=review,save_vocabulary=" + words);
  EXPECT_EQ(data.vocabulary, (Words{"", "[UNK]", "good", "film", "bad"}));
  EXPECT_EQ(data.x, Tensor({3, 3}, {2, 2, 3, 4, 3, 0, 0, 0, 0}));
  EXPECT_EQ(data.y, Tensor({3}, {1, 0, 0}));
  EXPECT_TRUE(data.padded);
  EXPECT_EQ(load_data(table + ":text=2,max_tokens=4,length=2").x, Tensor({3, 2}, {2, 2, 1, 3, 0, 0}));
  // Other texts by the same words: what prediction needs.
  const std::string other = folder.write("o.csv", "review\nbad bad song film\nfilm\n");
  const Dataset same = load_data(other + ":text=review,vocabulary=" + words);
  EXPECT_EQ(same.x, Tensor({2, 4}, {4, 4, 1, 3, 3, 0, 0, 0}));
  EXPECT_EQ(same.vocabulary, data.vocabulary);
  EXPECT_TRUE(same.y.empty());

  const auto says = [&](ErrorKind kind, const std::string& options, const char* part) {
    const std::string message = error_of(kind, [&] { load_data(table + options); });
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  says(ErrorKind::usage, ":text=reviews", "did you mean 'review'?");
  says(ErrorKind::usage, ":text=label,target=label", "the text already");
  says(ErrorKind::input, "", ":text=NAME");
  says(ErrorKind::input, ":text=review,vocabulary=" + table, "begins with an empty line");
}

}  // namespace
}  // namespace evenflow
