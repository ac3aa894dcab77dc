#include "evenflow/base/text.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace evenflow {
namespace {

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
char to_lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

// Optimal string alignment: insertions, deletions, changes and swaps of neighbours cost one each.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::vector<std::size_t> row(b.size() + 1, i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      row[j + 1] = std::min({above[j] + (a[i] == b[j] ? 0 : 1), above[j + 1] + 1, row[j] + 1});
      const bool swapped = i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j];
      if (swapped) row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
    }
    before = std::exchange(above, std::move(row));
  }
  return above.back();
}

template <class Number>
bool parse_whole(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string with_thousands(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t i = digits.size(); i > first + 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(separator, begin);
    parts.emplace_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), to_lower);
  return result;
}

// Keras's to_snake_case: remove non-word characters, then an underscore before an upper-case letter that begins a
// capitalized word, then between a lower-case and an upper-case letter.
std::string snake_case(std::string_view class_name) {
  std::string word;
  for (const char c : class_name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') word += c;
  }
  // As the regular expression (.)([A-Z][a-z]+) does, a match continues after the whole word it has consumed.
  std::string spaced;
  for (std::size_t i = 0; i < word.size();) {
    if (i + 2 < word.size() && is_upper(word[i + 1]) && is_lower(word[i + 2])) {
      spaced += word[i];
      spaced += '_';
      spaced += word[++i];
      while (i + 1 < word.size() && is_lower(word[i + 1])) spaced += word[++i];
      ++i;
    } else {
      spaced += word[i++];
    }
  }
  std::string result;
  for (std::size_t i = 0; i < spaced.size(); ++i) {
    if (i > 0 && is_lower(spaced[i - 1]) && is_upper(spaced[i])) result += '_';
    result += to_lower(spaced[i]);
  }
  return result;
}

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  const std::string wanted = lower(word);
  std::string best;
  // Of equally near candidates the one of the same length: letters are swapped more often than forgotten.
  using Distance = std::pair<std::size_t, bool>;
  Distance best_distance{std::max<std::size_t>(2, word.size() / 3) + 1, false};
  for (const std::string& candidate : candidates) {
    const Distance distance{edit_distance(wanted, lower(candidate)), candidate.size() != word.size()};
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

double parse_number(std::string_view text, std::string_view what) {
  double number = 0;
  if (!parse_whole(text, number)) fail(ErrorKind::usage, "{}: '{}' is not a number", what, printable(text));
  return number;
}

std::int64_t parse_integer(std::string_view text, std::string_view what) {
  std::int64_t number = 0;
  if (!parse_whole(text, number)) fail(ErrorKind::usage, "{}: '{}' is not a whole number", what, printable(text));
  return number;
}

std::string printable(std::string_view text) {
  std::string result;
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool c1 = at(i) == 0xc2 && at(i + 1) >= 0x80 && at(i + 1) <= 0x9f;  // U+0080..U+009F in UTF-8
    if (at(i) < 0x20 || at(i) == 0x7f || c1) {
      result += text[i] == '\n' ? "\\n" : fmt::format("\\x{:02x}", at(c1 ? ++i : i));
    } else {
      result += text[i];
    }
  }
  return result;
}

}  // namespace evenflow
