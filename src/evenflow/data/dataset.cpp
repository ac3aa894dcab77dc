#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/data/source.h"

namespace evenflow {

void require_targets(const Dataset& data) {
  if (!data.y.empty()) return;
  fail(ErrorKind::input,
       "data {}: there are no targets to learn from; wanted are an array y (npz), a second file after a "
       "comma (npy, IDX), a target column (csv) or classes=N (gaussian)",
       data.name);
}

void require_finite(const Tensor& tensor, std::string_view what) {
  const std::span<const float> values = tensor.values();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    // Which index along each axis.
    const Shape& shape = tensor.shape();
    std::vector<std::int64_t> index;
    auto rest = static_cast<std::int64_t>(i);
    for (int axis = 0; axis < shape.rank(); ++axis) {
      const std::int64_t stride = shape.count(axis + 1, shape.rank());
      index.push_back(rest / stride);
      rest %= stride;
    }
    std::string place = index.empty() ? "" : fmt::format(" in row {}", index[0]);
    if (index.size() == 2) place += fmt::format(", column {}", index[1]);
    if (index.size() > 2) place += fmt::format(", position ({})", fmt::join(index.begin() + 1, index.end(), ", "));
    fail(ErrorKind::input, "{} is {}{} (counted from 0); every value must be a finite number", what,
         std::isnan(values[i]) ? "NaN" : "infinite", place);
  }
}

std::int64_t count_classes(const Tensor& y) {
  if (y.empty() || y.count() != y.shape()[0]) return 0;
  std::vector<bool> seen;
  for (const float value : y.values()) {
    // No more classes than samples, since every one is to occur.
    if (!(value >= 0.0f) || value >= static_cast<float>(y.count()) || value != std::floor(value)) return 0;
    const auto label = static_cast<std::size_t>(value);
    if (label >= seen.size()) seen.resize(label + 1);
    seen[label] = true;
  }
  for (const bool occurs : seen) {
    if (!occurs) return 0;
  }
  return seen.size() > 1 ? static_cast<std::int64_t>(seen.size()) : 0;
}

std::int64_t validation_begin(std::int64_t samples, double fraction) {
  if (!(fraction > 0.0 && fraction < 1.0)) {
    fail(ErrorKind::usage, "the validation split is {}; it must be more than 0 and less than 1", fraction);
  }
  // keras/src/trainers/data_adapters/array_slicing.py, train_validation_split.
  const auto at = static_cast<std::int64_t>(std::floor(static_cast<double>(samples) * (1.0 - fraction)));
  if (at == 0 || at == samples) {
    fail(ErrorKind::input, "{} samples are too few for a validation split of {}", samples, fraction);
  }
  return at;
}

Split split_validation(const Tensor& x, const Tensor& y, double fraction) {
  const std::int64_t count = x.empty() ? 0 : x.shape()[0];
  if (!y.empty() && y.shape()[0] != count) {
    fail(ErrorKind::input, "{} inputs but {} targets cannot be split together", count, y.shape()[0]);
  }
  const std::int64_t at = validation_begin(count, fraction);
  Split split{.x = x.rows(0, at), .y = {}, .x_validation = x.rows(at, count), .y_validation = {}};
  if (!y.empty()) {
    split.y = y.rows(0, at);
    split.y_validation = y.rows(at, count);
  }
  return split;
}

}  // namespace evenflow
