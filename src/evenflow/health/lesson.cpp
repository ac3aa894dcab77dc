#include "evenflow/health/lesson.h"

#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/theory/mean_field.h"

namespace evenflow {
namespace {

std::string with_dashes(std::string_view name) {
  std::string result(name);
  for (char& c : result)
    c = c == '_' || c == ' ' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

}  // namespace

const Lesson& lesson(std::string_view name) {
  const std::string wanted = with_dashes(name);
  std::vector<std::string> names;
  for (const Lesson& candidate : all_lessons()) {
    if (candidate.name == wanted) return candidate;
    names.emplace_back(candidate.name);
  }
  const std::string near = nearest(wanted, names);
  fail(ErrorKind::usage, "no lesson about '{}'{}", printable(name),
       near.empty() ? "; evenflow explain lists all" : fmt::format("; did you mean '{}'?", near));
}

std::string lesson_numbers(const Lesson& lesson) {
  std::string id(lesson.name);
  std::replace(id.begin(), id.end(), '-', '_');
  if (find_activation(id) == nullptr) return "";
  const ActivationChoice activation = choose_activation(id);
  const theory::Moments m = theory::moments(activation, 1);
  if (!(m.mean_square > 0) || !(m.mean_square_slope > 0)) return "";
  const double variance = m.mean_square - m.mean * m.mean;
  const auto decades = [](double chi) { return 0.5 * std::log10(chi); };
  std::string text = fmt::format(
      "On a standard normal signal: mean {:.4f}, second moment {:.4f}, mean square of the slope {:.4f}.\n"
      "A gain of {:.4f} per layer keeps the signal, {:.4f} keeps the gradient.\n"
      "Decades of gradient per layer: {:+.4f} with layer normalization (or any scheme that keeps the signal's size)",
      m.mean, m.mean_square, m.mean_square_slope, 1 / std::sqrt(m.mean_square), 1 / std::sqrt(m.mean_square_slope),
      decades(m.mean_square_slope / m.mean_square));
  if (variance > 1e-12)
    text += fmt::format(", {:+.4f} with batch normalization", decades(m.mean_square_slope / variance));
  return text + ".\n";
}

}  // namespace evenflow
