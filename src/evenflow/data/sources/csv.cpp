// Tables as comma-separated text.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "evenflow/base/text.h"
#include "evenflow/data/csv_reader.h"
#include "evenflow/data/source.h"
#include "evenflow/data/tokens.h"

namespace evenflow::sources {
namespace {

using Cells = std::vector<std::string_view>;

bool recognizes(std::string_view name, std::string_view bytes) {
  const bool named =
      name.ends_with(".csv") || name.ends_with(".tsv") || name.ends_with(".txt") || name.ends_with(".data");
  return named && !bytes.starts_with("PK") && !bytes.starts_with("\x93NUMPY") &&
         bytes.substr(0, 4).find('\0') == std::string_view::npos;
}

std::string_view trimmed(std::string_view cell) {
  cell.remove_prefix(std::min(cell.find_first_not_of(" \t"), cell.size()));
  const std::size_t last = cell.find_last_not_of(" \t");
  return cell.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// Any number, NaN and infinity included; nothing for other text.
std::optional<float> as_number(std::string_view cell) {
  std::string_view text = trimmed(cell);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return std::abs(value) > std::numeric_limits<float>::max()
             ? std::copysign(HUGE_VALF, static_cast<float>(value > 0 ? 1 : -1))
             : static_cast<float>(value);
}

// A file without a header line begins with a row of numbers. pandas heads nameless columns 0, 1, 2, ...
bool is_header(const Cells& first) {
  bool counts = true;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (!as_number(first[i])) return true;
    counts = counts && first[i] == std::to_string(i);
  }
  return counts && first.size() > 1;
}

char separator(DataSpec& spec, std::string_view text) {
  const std::string given = spec.text("separator", "");
  if (given.empty()) return detect_separator(text);
  if (given == "comma") return ',';
  if (given == "semicolon") return ';';
  if (given == "tab") return '\t';
  if (given == "space") return ' ';
  if (given.size() == 1 && given != "\"" && given != "\n" && given != "\r") return given[0];
  fail(ErrorKind::usage, "separator={}: comma, semicolon, tab, space or one character is wanted", given);
}

class Table {
 public:
  Table(std::string_view text, DataSpec& spec)
      : reader_(text, separator(spec, text)), bytes_(text.size()), spec_(spec) {
    if (!reader_.next(cells_)) fail(ErrorKind::input, "the file has no rows");
    names_.assign(cells_.begin(), cells_.end());
    headed_ = is_header(cells_);
    if (const std::string given = spec.text("text", ""); !given.empty()) text_ = find_column("text", given);
    target_ = choose_target(spec.text("target", ""));
    if (!text_) x_ = Tensor({most_rows(), inputs()});
  }

  Dataset read() {
    if (!headed_) add_row();
    while (reader_.next(cells_)) add_row();
    if (rows_ == 0) fail(ErrorKind::input, "the file has a header line but no rows");
    Dataset data;
    if (text_) {
      read_texts(texts_, bytes_, spec_, data);
    } else {
      data.x = rows_ == x_.shape()[0] ? std::move(x_) : x_.rows(0, rows_);
    }
    if (target_) read_targets(data);
    return data;
  }

 private:
  std::int64_t inputs() const { return static_cast<std::int64_t>(names_.size()) - (target_ ? 1 : 0); }

  // Each row takes a line, and each of its cells at least a character and a separator.
  std::int64_t most_rows() const {
    const std::string_view rest = reader_.rest();
    const auto lines = static_cast<std::size_t>(std::count(rest.begin(), rest.end(), '\n')) + !rest.ends_with('\n');
    const std::size_t by_lines = rest.empty() ? 0 : lines;
    const std::size_t by_cells = rest.size() / (2 * names_.size()) + 1;
    return static_cast<std::int64_t>(std::min(by_lines, by_cells)) + (headed_ ? 0 : 1);
  }

  std::optional<std::size_t> choose_target(const std::string& given) const {
    if (given == "none") return std::nullopt;
    if (given.empty()) {
      if (names_.size() == 1) return std::nullopt;
      const std::size_t last = names_.size() - 1;
      return text_ == last ? last - 1 : last;
    }
    const std::size_t column = find_column("target", given);
    if (names_.size() == 1) fail(ErrorKind::input, "target={}: no other column is left for the inputs", given);
    if (column == text_) fail(ErrorKind::usage, "target={}: this column is the text already", given);
    return column;
  }

  // The column that an option gives by name or number.
  std::size_t find_column(std::string_view option, const std::string& given) const {
    if (headed_) {
      const auto found =
          std::find_if(names_.begin(), names_.end(), [&](const auto& name) { return trimmed(name) == given; });
      if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
    }
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), number);
    if (error == std::errc{} && end == given.data() + given.size() && number >= 1 && number <= names_.size()) {
      return number - 1;
    }
    std::vector<std::string> known;
    if (headed_) {
      for (const std::string_view name : names_) known.push_back(printable(trimmed(name)));
    }
    const std::string near = nearest(given, known);
    fail(ErrorKind::usage, "{}={}: the table has no such column{}; it has {} columns (1 to {}){}{}", option, given,
         near.empty() ? "" : fmt::format(", did you mean '{}'?", near), names_.size(), names_.size(),
         headed_ ? ": " : " and no header line", join(std::span(known).first(std::min<std::size_t>(known.size(), 20))));
  }

  std::string title(std::size_t column) const {
    if (!headed_) return fmt::format("column {}", column + 1);
    return fmt::format("column {} ('{}')", column + 1, printable(trimmed(names_[column]).substr(0, 40)));
  }
  std::string place(std::size_t column) const {
    return fmt::format("row {} (line {}), {}", rows_ + 1, reader_.line(), title(column));
  }

  // A number that can be computed with; anything else is an error with its place.
  float input(std::size_t column) const {
    const std::string_view cell = trimmed(cells_[column]);
    if (cell.empty()) fail(ErrorKind::input, "{}: the cell is empty; every input needs a number", place(column));
    const std::optional<float> value = as_number(cell);
    if (!value) {
      const std::string hint =
          target_ ? fmt::format(
                        "; the target is {}, another is chosen with :target=NAME, and a column of words with "
                        ":text=NAME",
                        title(*target_))
                  : std::string();
      fail(ErrorKind::input, "{}: '{}' is no number; inputs must be numbers{}", place(column),
           printable(cell.substr(0, 40)), hint);
    }
    if (!std::isfinite(*value)) {
      fail(ErrorKind::input, "{}: '{}' is not finite in float32", place(column), printable(cell.substr(0, 40)));
    }
    return *value;
  }

  void add_row() {
    if (cells_.size() != names_.size()) {
      fail(ErrorKind::input, "row {} (line {}) has {} cells, the first line has {}", rows_ + 1, reader_.line(),
           cells_.size(), names_.size());
    }
    if (text_) {
      texts_.push_back(cells_[*text_]);
    } else {
      add_inputs();
    }
    if (target_) {
      const std::string_view cell = trimmed(cells_[*target_]);
      if (cell.empty()) fail(ErrorKind::input, "{}: the target is empty", place(*target_));
      check_target(cell);
      targets_.push_back(cell);
    }
    ++rows_;
  }

  void add_inputs() {
    // Only empty cells could make rows shorter than most_rows() assumes, and those never get past input().
    if (rows_ == x_.shape()[0]) fail(ErrorKind::internal, "row {}: more rows than the file's bytes hold", rows_ + 1);
    float* to = x_.data() + rows_ * inputs();
    for (std::size_t column = 0; column < cells_.size(); ++column) {
      if (column != target_) *to++ = input(column);
    }
  }

  // The first target decides between numbers and text.
  void check_target(std::string_view cell) {
    const std::optional<float> value = as_number(cell);
    if (rows_ == 0) text_targets_ = !value;
    if (text_targets_) return;
    if (!value) {
      fail(ErrorKind::input, "{}: the target '{}' is no number, but those before it are", place(*target_),
           printable(cell.substr(0, 40)));
    }
    if (!std::isfinite(*value)) fail(ErrorKind::input, "{}: the target '{}' is not finite", place(*target_), cell);
  }

  void read_targets(Dataset& data) const {
    data.y = Tensor({rows_});
    if (!text_targets_) {
      std::transform(targets_.begin(), targets_.end(), data.y.data(), [](auto cell) { return *as_number(cell); });
      return;
    }
    std::unordered_map<std::string_view, float> numbers;
    for (const std::string_view cell : targets_) numbers.emplace(cell, 0.0f);
    for (const auto& [name, number] : numbers) data.class_names.emplace_back(name);
    std::sort(data.class_names.begin(), data.class_names.end());
    for (std::size_t i = 0; i < data.class_names.size(); ++i) numbers[data.class_names[i]] = static_cast<float>(i);
    std::transform(targets_.begin(), targets_.end(), data.y.data(), [&](auto cell) { return numbers.at(cell); });
    data.classes = static_cast<std::int64_t>(data.class_names.size());
  }

  CsvReader reader_;
  std::size_t bytes_;
  DataSpec& spec_;
  Cells cells_;  // of the current row
  Cells names_;  // of the first line, header or not
  bool headed_ = true;
  std::optional<std::size_t> target_;
  std::optional<std::size_t> text_;  // the only input then
  Tensor x_;
  Cells texts_;
  std::int64_t rows_ = 0;
  std::vector<std::string_view> targets_;
  bool text_targets_ = false;
};

Dataset parse(std::string_view bytes, DataSpec& spec) {
  return Table(bytes, spec).read();
}

}  // namespace

extern const Source csv;
constinit const Source csv{.id = "csv",
                           .usage =
                               "table.csv:target=COLUMN,separator=comma[,text=COLUMN,max_tokens=20000,length=N,"
                               "save_vocabulary=FILE|vocabulary=FILE]",
                           .summary =
                               "table with a header line; target by name or number (default: the last; or none). "
                               "With text, the words of that column are the input, as tokens (0 padding, 1 "
                               "unknown, then by frequency), and other columns are left out",
                           .recognizes = recognizes,
                           .parse = parse};

}  // namespace evenflow::sources
