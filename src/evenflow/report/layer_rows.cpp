#include "evenflow/report/layer_rows.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "evenflow/base/text.h"
#include "evenflow/report/layout.h"

namespace evenflow {
namespace {

using layout::Color;
using layout::Column;

constexpr int kNarrowestBar = 6;
constexpr int kWidestBar = 32;
constexpr int kDecades = 7;      // "-18.2  " before the bar
constexpr double kBarScale = 3;  // decades that a full bar shows at least: a healthy network has short bars

// The gradient that the table compares: of the pre-activation, where there is none (a training) of the output, and of
// the kernel where outputs were not recorded at all.
std::optional<double> LayerTrace::*compared(const Trace& trace) {
  for (const auto gradient : {&LayerTrace::pre_activation_norm, &LayerTrace::backward_norm}) {
    const auto has = [gradient](const LayerTrace& layer) { return (layer.*gradient).has_value(); };
    if (std::any_of(trace.layers.begin(), trace.layers.end(), has)) return gradient;
  }
  return &LayerTrace::weight_gradient_norm;
}

// The layer's gradient against that of the last kernel layer, in decades.
std::optional<double> decades(const Trace& trace, std::size_t layer) {
  const auto gradient = compared(trace);
  std::optional<double> reference;
  for (const std::size_t index : trace.path) {
    const std::optional<double>& norm = trace.layers[index].*gradient;
    if (norm && *norm > kZeroNorm) reference = norm;
  }
  const LayerTrace& l = trace.layers[layer];
  const std::optional<double>& own = l.*gradient ? l.*gradient : l.backward_norm;
  if (!reference || !own) return std::nullopt;
  return *own <= kZeroNorm ? kZeroNorm : *own - *reference;
}

// ---- Folding

// A part of the table: rows shown, or a run of rows folded into one line.
struct Part {
  std::vector<std::size_t> layers;
  bool folded = false;
  std::size_t period = 1;           // layers that repeat
  std::optional<double> step = {};  // decades from one repetition to the next, toward the input; absent: not measured
};

bool close(const std::optional<double>& a, const std::optional<double>& b, double tolerance) {
  return std::abs(a.value_or(0) - b.value_or(0)) <= tolerance;
}

bool alike(const LayerTrace& a, const LayerTrace& b) {
  return a.type == b.type && a.activation == b.activation && a.units == b.units && a.trainable == b.trainable &&
         (a.non_finite > 0) == (b.non_finite > 0) && close(a.dead, b.dead, 0.25) &&
         close(a.saturated, b.saturated, 0.25);
}

class Folder {
 public:
  explicit Folder(const Trace& trace) : trace_(trace) {
    for (std::size_t i = trace.layers.size(); i-- > 0;) order_.push_back(i);
  }

  std::vector<Part> parts() {
    std::vector<Part> parts;
    for (std::size_t at = 0; at < order_.size();) {
      const auto [period, length] = longest_run(at);
      const std::size_t shown = period == 1 ? 2 : period;  // in front of the fold; `period` behind it
      if (length < std::max<std::size_t>(6, 4 * period)) {
        show(parts, at, 1);
        ++at;
        continue;
      }
      show(parts, at, shown);
      const std::size_t first = at + shown;
      const std::size_t last = at + length - period;
      Part fold{.layers = {order_.begin() + static_cast<std::ptrdiff_t>(first),
                           order_.begin() + static_cast<std::ptrdiff_t>(last)},
                .folded = true,
                .period = period};
      const auto above = decades(trace_, order_[first - period]);
      const auto below = decades(trace_, order_[last]);
      const std::size_t periods = (last - first) / period;
      if (above && below) fold.step = (*below - *above) / static_cast<double>(periods + 1);
      parts.push_back(std::move(fold));
      show(parts, last, period);
      at += length;
    }
    return parts;
  }

 private:
  static constexpr std::size_t kLongestPeriod = 4;

  void show(std::vector<Part>& parts, std::size_t at, std::size_t count) const {
    if (parts.empty() || parts.back().folded) parts.emplace_back();
    for (std::size_t i = 0; i < count; ++i) parts.back().layers.push_back(order_[at + i]);
  }

  // Does the row p further repeat this one, with the gradient going on as before?
  bool repeats(std::size_t row, std::size_t p, std::size_t start) const {
    if (row + p >= order_.size() || !alike(trace_.layers[order_[row]], trace_.layers[order_[row + p]])) return false;
    const auto a = decades(trace_, order_[row]);
    const auto b = decades(trace_, order_[row + p]);
    if (a.has_value() != b.has_value()) return false;
    if (!a || row < start + p) return true;
    const auto before = decades(trace_, order_[row - p]);
    return !before || std::abs((*b - *a) - (*a - *before)) <= 1;
  }

  // Period and length (whole repetitions) of the longest run of repeating layers that starts here.
  std::pair<std::size_t, std::size_t> longest_run(std::size_t start) const {
    std::pair<std::size_t, std::size_t> best{1, 1};
    for (std::size_t p = 1; p <= kLongestPeriod; ++p) {
      std::size_t row = start;
      while (repeats(row, p, start)) ++row;
      const std::size_t length = (row - start) / p * p + p;
      if (row > start && length > best.second) best = {p, length};
    }
    return best;
  }

  const Trace& trace_;
  std::vector<std::size_t> order_;
};

std::string fold_text(const Part& part) {
  const std::size_t count = part.layers.size() / part.period;
  const std::string what = part.period == 1 ? fmt::format("{} more like these", count)
                                            : fmt::format("{} more groups of {} like these", count, part.period);
  if (!part.step) return fmt::format("  ...  {}", what);
  if (std::abs(*part.step) < 0.005) return fmt::format("  ...  {}, the gradient unchanged", what);
  return fmt::format("  ...  {}, each {:.2f} decades {} the next", what, std::abs(*part.step),
                     *part.step < 0 ? "below" : "above");
}

// ---- Columns

template <class Text>
std::string cell(const std::optional<double>& value, const Text& text) {
  return value ? text(*value) : "";
}

std::vector<Column> columns_of(const Trace& trace, const std::vector<std::size_t>& layers, const TextStyle& style) {
  const int name_width = style.width >= 90 ? 22 : 16;
  // The importance of each: what a narrow terminal shows longest.
  Column name{"layer", true, 99};
  Column activation{"activation", true, 30};
  Column signal{"signal", false, 60};
  Column varies{"varies", false, 20};
  Column slope{"slope", false, 50};
  Column saturated{"sat.", false, 10};
  Column dead{"dead", false, 15};
  Column backward{style.unicode ? "|∂L/∂a|" : "|dL/da|", false, 70};
  Column weights{style.unicode ? "|∂L/∂W|" : "|dL/dW|", false, 40};
  Column update{"update", false, 80};
  for (const std::size_t index : layers) {
    const LayerTrace& l = trace.layers[index];
    name.cells.push_back(layout::shorten(printable(l.name), name_width, style));
    activation.cells.push_back(l.activation.empty() ? "" : layout::shorten(l.activation, 12, style));
    signal.cells.push_back(l.non_finite > 0 && !l.second_moment ? "inf" : cell(l.second_moment, layout::short_number));
    varies.cells.push_back(cell(l.variance_fraction, layout::short_number));
    slope.cells.push_back(cell(l.mean_slope, layout::short_number));
    saturated.cells.push_back(cell(l.saturated, layout::percent));
    dead.cells.push_back(cell(l.dead, layout::percent));
    backward.cells.push_back(cell(l.backward_norm, layout::short_power));
    weights.cells.push_back(cell(l.weight_gradient_norm, layout::short_power));
    update.cells.push_back(cell(l.update_ratio, layout::short_number));
  }
  std::vector<Column> columns;
  for (Column* column :
       {&name, &activation, &signal, &varies, &slope, &saturated, &dead, &backward, &weights, &update}) {
    const bool used =
        std::any_of(column->cells.begin(), column->cells.end(), [](const std::string& text) { return !text.empty(); });
    if (used || column == &name) columns.push_back(std::move(*column));
  }
  return columns;
}

Color color_of(double change) {
  const double size = std::abs(change);
  return size <= 1 ? Color::green : size <= 3 ? Color::yellow : Color::red;
}

std::string decades_cell(double change, double scale, int bar_width, const TextStyle& style) {
  const bool zero = change <= kZeroNorm;
  const std::string number = layout::pad_left(zero ? "zero" : fmt::format("{:+.1f}", change), kDecades - 2);
  const double share = zero ? 1 : std::abs(change) / scale;
  return number + "  " + layout::colored(layout::bar(share, bar_width, style), color_of(change), style);
}

// Only what the shown columns need.
std::string legend(const std::vector<Column>& columns, const Trace& trace, const TextStyle& style) {
  std::vector<std::string> parts;
  for (const Column& column : columns) {
    if (column.title == "signal") parts.push_back("signal: mean square of the output");
    if (column.title == "varies") parts.push_back("varies: share of it that differs between samples");
    if (column.title == "slope") parts.push_back("slope: mean of the activation's derivative");
    if (column.title == "sat.") parts.push_back("sat.: saturated outputs");
    if (column.title == "dead") parts.push_back("dead: units with slope 0 for a whole batch");
    if (column.title.ends_with("a|")) parts.push_back(column.title + ": gradient of the output, norm");
    if (column.title.ends_with("W|")) parts.push_back(column.title + ": of the kernel, norm");
    if (column.title == "update") {
      parts.push_back(fmt::format("update: |update| / |weights| per step{}",
                                  trace.optimizer.empty() ? "" : " of " + trace.optimizer));
    }
  }
  return layout::colored(layout::paragraph(join(parts, "; "), 0, style.width), Color::dim, style);
}

}  // namespace

std::string layer_rows(const Trace& trace, const TextStyle& style) {
  if (trace.layers.empty()) return "(no layers)\n";
  const std::vector<Part> parts = Folder(trace).parts();
  std::vector<std::size_t> shown;
  for (const Part& part : parts) {
    if (!part.folded) shown.insert(shown.end(), part.layers.begin(), part.layers.end());
  }
  double scale = kBarScale;
  bool any_decades = false;
  for (std::size_t i = 0; i < trace.layers.size(); ++i) {
    const auto change = decades(trace, i);
    any_decades = any_decades || change.has_value();
    if (change && *change > kZeroNorm) scale = std::max(scale, std::abs(*change));
  }
  const int for_bar = any_decades ? kDecades + kNarrowestBar + 2 : 0;
  const std::vector<Column> columns = layout::fit(columns_of(trace, shown, style), style.width - for_bar);
  const int bar_width = std::min(kWidestBar, style.width - layout::total_width(columns) - kDecades - 2);

  std::string text = layout::header(columns);
  if (any_decades) text += "  " + layout::pad_left("decades", kDecades - 2);
  text = layout::colored(text, Color::bold, style) + '\n';
  std::size_t row = 0;
  for (const Part& part : parts) {
    if (part.folded) {
      text += layout::colored(layout::shorten(fold_text(part), style.width, style), Color::dim, style) + '\n';
      continue;
    }
    for (const std::size_t layer : part.layers) {
      std::string line = layout::row(columns, row++);
      if (const auto change = decades(trace, layer)) line += "  " + decades_cell(*change, scale, bar_width, style);
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + '\n';
    }
  }
  return text + legend(columns, trace, style);
}

}  // namespace evenflow
