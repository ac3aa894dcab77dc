// Text laid out for a terminal: numbers, colours, wrapped paragraphs, tables.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/report.h"

namespace evenflow::layout {

// Columns that a UTF-8 text takes (one per character).
int width(std::string_view text);
std::string pad_left(std::string_view text, int columns);
std::string pad_right(std::string_view text, int columns);
// Cut to that many columns, with an ellipsis.
std::string shorten(std::string_view text, int columns, const TextStyle& style);

enum class Color : std::uint8_t { none, bold, dim, red, yellow, green };
std::string colored(std::string_view text, Color color, const TextStyle& style);

// Words wrapped to the width, every line indented.
std::string paragraph(std::string_view text, int indent, int columns);

// "0.236", "3e-22", "0".
std::string short_number(double value);
// The same of a number given as its log10 (kZeroNorm: zero).
std::string short_power(double log10_value);
// "0", "<1%", "37%".
std::string percent(double fraction);

// `share` of `columns`, 0..1, as a bar; eighths of a column where there is Unicode.
std::string bar(double share, int columns, const TextStyle& style);

struct Column {
  std::string title;
  bool left = false;
  int importance = 0;  // columns that do not fit go in the order of this, lowest first
  std::vector<std::string> cells = {};
};

// The columns that fit into the width, two spaces between them.
std::vector<Column> fit(std::vector<Column> columns, int width);
int total_width(const std::vector<Column>& columns);
std::string header(const std::vector<Column>& columns);
std::string row(const std::vector<Column>& columns, std::size_t index);

}  // namespace evenflow::layout
