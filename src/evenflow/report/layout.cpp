#include "evenflow/report/layout.h"

#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"

namespace evenflow::layout {
namespace {

constexpr int kGap = 2;

bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

int column_width(const Column& column) {
  int widest = width(column.title);
  for (const std::string& cell : column.cells) widest = std::max(widest, width(cell));
  return widest;
}

std::string line(const std::vector<Column>& columns, const auto& cell) {
  std::string text;
  for (const Column& column : columns) {
    if (!text.empty()) text.append(kGap, ' ');
    const int columns_wide = column_width(column);
    text += column.left ? pad_right(cell(column), columns_wide) : pad_left(cell(column), columns_wide);
  }
  return text;
}

}  // namespace

int width(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char byte) { return !continues(byte); }));
}

std::string pad_left(std::string_view text, int columns) {
  return std::string(static_cast<std::size_t>(std::max(0, columns - width(text))), ' ') + std::string(text);
}

std::string pad_right(std::string_view text, int columns) {
  return std::string(text) + std::string(static_cast<std::size_t>(std::max(0, columns - width(text))), ' ');
}

std::string shorten(std::string_view text, int columns, const TextStyle& style) {
  if (width(text) <= columns) return std::string(text);
  const std::string ellipsis = style.unicode ? "…" : "~";
  std::string result;
  int taken = 0;
  for (const char byte : text) {
    if (!continues(byte) && ++taken >= columns) break;
    result += byte;
  }
  return result + ellipsis;
}

std::string colored(std::string_view text, Color color, const TextStyle& style) {
  if (!style.color || color == Color::none || text.empty()) return std::string(text);
  constexpr std::string_view kCodes[] = {"", "1", "2", "31", "33", "32"};
  return fmt::format("\033[{}m{}\033[0m", kCodes[static_cast<std::size_t>(color)], text);
}

std::string paragraph(std::string_view text, int indent, int columns) {
  std::string result;
  std::string line;
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  for (const std::string& word : split(text, ' ')) {
    if (!line.empty() && indent + width(line) + 1 + width(word) > columns) {
      result += margin + line + '\n';
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return result + margin + line + '\n';
}

std::string short_number(double value) {
  if (value == 0) return "0";
  const double size = std::abs(value);
  return size >= 0.001 && size < 1000 ? fmt::format("{:.3g}", value) : fmt::format("{:.0e}", value);
}

std::string short_power(double log10_value) {
  if (std::isnan(log10_value)) return "nan";
  if (log10_value <= kZeroNorm) return "0";
  if (log10_value >= -3 && log10_value < 3) return short_number(std::pow(10.0, log10_value));
  double exponent = std::floor(log10_value);
  double mantissa = std::round(std::pow(10.0, log10_value - exponent));
  if (mantissa >= 10) {
    mantissa = 1;
    ++exponent;
  }
  return fmt::format("{:.0f}e{:+03.0f}", mantissa, exponent);
}

std::string percent(double fraction) {
  if (fraction == 0) return "0";
  if (fraction < 0.005) return "<1%";
  return fmt::format("{:.0f}%", 100 * fraction);
}

std::string bar(double share, int columns, const TextStyle& style) {
  const double length = std::clamp(share, 0.0, 1.0) * columns;
  if (!style.unicode) return std::string(static_cast<std::size_t>(std::lround(length)), '#');
  constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<int>(std::lround(length * 8));
  std::string text;
  for (int i = 0; i < eighths / 8; ++i) text += "█";
  return text + kEighths[eighths % 8];
}

int total_width(const std::vector<Column>& columns) {
  int total = 0;
  for (const Column& column : columns) total += column_width(column) + kGap;
  return std::max(0, total - kGap);
}

std::vector<Column> fit(std::vector<Column> columns, int width) {
  while (columns.size() > 1 && total_width(columns) > width) {
    columns.erase(std::min_element(columns.begin(), columns.end(),
                                   [](const Column& a, const Column& b) { return a.importance < b.importance; }));
  }
  return columns;
}

std::string header(const std::vector<Column>& columns) {
  return line(columns, [](const Column& column) -> const std::string& { return column.title; });
}

std::string row(const std::vector<Column>& columns, std::size_t index) {
  return line(columns, [index](const Column& column) -> const std::string& { return column.cells[index]; });
}

}  // namespace evenflow::layout
