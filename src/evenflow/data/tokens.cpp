#include "evenflow/data/tokens.h"

#include <algorithm>
#include <unordered_map>

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

constexpr std::string_view kUnknown = "[UNK]";
constexpr float kUnknownToken = 1;
constexpr std::size_t kVocabularyLimit = std::size_t{1} << 28;  // bytes of its file

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_punctuation(char c) {
  return std::string_view("!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'").find(c) != std::string_view::npos;
}

std::vector<std::string> vocabulary_of(std::span<const std::string_view> texts, DataSpec& spec) {
  const std::string given = spec.text("vocabulary", "");
  const std::int64_t max_tokens = spec.integer("max_tokens", 20'000, 3);
  if (given.empty()) return count_vocabulary(texts, max_tokens);
  try {
    return read_vocabulary(read_file(given, kVocabularyLimit));
  } catch (const Error& error) {
    fail(error.kind(), "vocabulary={}: {}", given, error.what());
  }
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (is_blank(c)) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
    } else if (!is_punctuation(c)) {
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

std::vector<std::string> count_vocabulary(std::span<const std::string_view> texts, std::int64_t max_tokens) {
  std::unordered_map<std::string, std::int64_t> counts;
  for (const std::string_view text : texts) {
    for (std::string& word : words_of(text)) ++counts[std::move(word)];
  }
  std::vector<std::pair<std::int64_t, std::string>> order;
  for (auto& [word, count] : counts) order.emplace_back(count, word);
  std::sort(order.rbegin(), order.rend());
  std::vector<std::string> vocabulary = {"", std::string(kUnknown)};
  for (auto& [count, word] : order) {
    if (std::ssize(vocabulary) == max_tokens) break;
    vocabulary.push_back(std::move(word));
  }
  return vocabulary;
}

std::string vocabulary_text(std::span<const std::string> vocabulary) {
  std::string text;
  for (const std::string& word : vocabulary) text += word + '\n';
  return text;
}

std::vector<std::string> read_vocabulary(std::string_view text) {
  std::vector<std::string> vocabulary;
  std::unordered_map<std::string_view, std::size_t> lines;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto [first, fresh] = lines.emplace(line, vocabulary.size() + 1);
    if (!fresh) {
      fail(ErrorKind::input, "line {}: '{}' stands in line {} already", vocabulary.size() + 1,
           printable(line.substr(0, 40)), first->second);
    }
    vocabulary.emplace_back(line);
  }
  if (vocabulary.size() < 2 || !vocabulary[0].empty() || vocabulary[1] != kUnknown) {
    fail(ErrorKind::input, "a vocabulary has a word per line, and begins with an empty line (padding) and {}",
         kUnknown);
  }
  return vocabulary;
}

Tensor padded_rows(std::span<const std::span<const float>> rows, const Shape& step, std::int64_t length,
                   std::size_t bytes) {
  constexpr std::size_t kNumbersPerByte = 256;  // padding may take 1,024 times the file
  const std::int64_t width = step.count();
  if (length == 0) {
    for (const auto row : rows) length = std::max(length, std::ssize(row) / width);
  }
  length = std::max<std::int64_t>(length, 1);
  const std::size_t most = kNumbersPerByte * (bytes + 4096);
  if (static_cast<std::size_t>(length) > most || rows.size() > most / static_cast<std::size_t>(length * width)) {
    fail(ErrorKind::input, "{} sequences filled up to {} steps are more than {} times the file", rows.size(), length,
         4 * kNumbersPerByte);
  }
  Tensor result(concatenate(Shape{std::ssize(rows), length}, step));
  float* to = result.data();
  for (const auto row : rows) {
    std::copy_n(row.begin(), std::min(std::ssize(row), length * width), to);
    to += length * width;
  }
  return result;
}

void read_texts(std::span<const std::string_view> texts, std::size_t bytes, DataSpec& spec, Dataset& data) {
  data.vocabulary = vocabulary_of(texts, spec);
  data.padded = true;
  if (const std::string file = spec.text("save_vocabulary", ""); !file.empty()) {
    write_file(file, vocabulary_text(data.vocabulary));
  }
  std::unordered_map<std::string_view, float> tokens;
  for (std::size_t i = 2; i < data.vocabulary.size(); ++i) tokens.emplace(data.vocabulary[i], static_cast<float>(i));
  std::vector<std::vector<float>> rows;
  for (const std::string_view text : texts) {
    std::vector<float>& row = rows.emplace_back();
    for (const std::string& word : words_of(text)) {
      const auto found = tokens.find(word);
      row.push_back(found == tokens.end() ? kUnknownToken : found->second);
    }
  }
  const std::vector<std::span<const float>> views(rows.begin(), rows.end());
  data.x = padded_rows(views, {}, spec.options.contains("length") ? spec.integer("length", 0, 1) : 0, bytes);
}

}  // namespace evenflow
