#include "evenflow/data/csv_reader.h"

#include <algorithm>

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

std::string_view without_mark(std::string_view text) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    fail(ErrorKind::input, "the file is UTF-16; save it as UTF-8");
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text;
}

}  // namespace

CsvReader::CsvReader(std::string_view text, char separator) : rest_(without_mark(text)), separator_(separator) {}

// rest_ begins with the opening quote; afterwards with what follows the closing one.
std::string_view CsvReader::quoted_cell() {
  const std::size_t start_line = line_;
  std::string* unescaped = nullptr;
  rest_.remove_prefix(1);
  while (true) {
    const std::size_t quote = rest_.find('"');
    if (quote == std::string_view::npos) fail(ErrorKind::input, "line {}: a quote is never closed", start_line);
    const std::string_view part = rest_.substr(0, quote);
    line_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    const bool doubled = rest_.size() > quote + 1 && rest_[quote + 1] == '"';
    rest_.remove_prefix(quote + (doubled ? 2 : 1));
    if (!doubled && unescaped == nullptr) return part;
    if (unescaped == nullptr) unescaped = &unescaped_.emplace_back();
    unescaped->append(part);
    if (!doubled) return *unescaped;
    unescaped->push_back('"');
  }
}

bool CsvReader::next(std::vector<std::string_view>& cells) {
  cells.clear();
  const char stops[] = {separator_, '\n'};
  // A separator or the end of the line stands before each further cell.
  while (!rest_.empty()) {
    if (cells.empty()) row_line_ = line_;
    std::string_view cell;
    if (rest_.front() == '"') {
      cell = quoted_cell();
      if (rest_.starts_with("\r\n") || rest_ == "\r") rest_.remove_prefix(1);
      if (!rest_.empty() && rest_.front() != separator_ && rest_.front() != '\n') {
        fail(ErrorKind::input, "line {}: text follows a closing quote; quotes inside a cell are doubled", line_);
      }
    } else {
      cell = rest_.substr(0, rest_.find_first_of({stops, 2}));
      rest_.remove_prefix(cell.size());
      if (cell.ends_with('\r') && (rest_.empty() || rest_.front() == '\n')) cell.remove_suffix(1);
      const bool blank_line = cells.empty() && cell.empty() && (rest_.empty() || rest_.front() == '\n');
      if (blank_line) {
        if (!rest_.empty()) rest_.remove_prefix(1);
        ++line_;
        continue;
      }
    }
    cells.push_back(cell);
    if (rest_.empty()) return true;
    const bool ends = rest_.front() == '\n';
    rest_.remove_prefix(1);
    if (ends) {
      ++line_;
      return true;
    }
    if (rest_.empty()) cells.push_back(rest_);  // the text ends with a separator
  }
  return !cells.empty();
}

char detect_separator(std::string_view text) {
  std::size_t commas = 0;
  std::size_t semicolons = 0;
  std::size_t tabs = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n') break;
    commas += c == ',';
    semicolons += c == ';';
    tabs += c == '\t';
  }
  if (tabs > commas && tabs > semicolons) return '\t';
  return semicolons > commas ? ';' : ',';
}

}  // namespace evenflow
