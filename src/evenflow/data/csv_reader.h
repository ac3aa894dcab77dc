// Comma-separated text, RFC 4180: rows of cells, quotes doubled inside quotes, LF or CRLF.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace evenflow {

class CsvReader {
 public:
  // `text` must outlive the reader and the cells. A byte-order mark is skipped.
  CsvReader(std::string_view text, char separator);

  // The next row that is not blank; false at the end. Throws Error(input) with the line for a quote left open.
  // Cells stay valid as long as the reader.
  bool next(std::vector<std::string_view>& cells);
  // Line on which the last row began, from 1.
  std::size_t line() const { return row_line_; }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view quoted_cell();

  std::string_view rest_;
  char separator_;
  std::size_t line_ = 1;
  std::size_t row_line_ = 0;
  std::deque<std::string> unescaped_;  // cells with doubled quotes
};

// The one of , ; and tab that is most frequent in the first line, outside of quotes.
char detect_separator(std::string_view text);

}  // namespace evenflow
