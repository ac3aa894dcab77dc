#include "evenflow/train/samples.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>

#include "evenflow/base/text.h"
#include "evenflow/data.h"
#include "evenflow/train.h"

namespace evenflow {
namespace {

// Copies the chosen rows one after the other.
void gather_rows(const Tensor& from, std::span<const std::int64_t> rows, float* to) {
  const auto width = static_cast<std::size_t>(from.shape().count(1, from.shape().rank()));
  for (const std::int64_t row : rows) {
    std::memcpy(to, from.data() + static_cast<std::size_t>(row) * width, width * sizeof(float));
    to += width;
  }
}

void gather_rows(std::span<const Tensor> from, std::span<const std::int64_t> rows, const std::vector<float*>& to) {
  for (std::size_t i = 0; i < from.size(); ++i) gather_rows(from[i], rows, to[i]);
}

// "(None, 3)": 0 is an axis of any length.
std::string open_shape_text(const Shape& shape) {
  std::vector<std::string> axes;
  for (const std::int64_t extent : shape.dims()) axes.push_back(extent == 0 ? "None" : std::to_string(extent));
  return fmt::format("({})", join(axes));
}

bool fits(const Shape& sample, const Shape& expected) {
  if (sample.rank() != expected.rank()) return false;
  for (int axis = 0; axis < sample.rank(); ++axis) {
    if (expected[axis] != 0 && expected[axis] != sample[axis]) return false;
  }
  return true;
}

// Class of each sample: the largest element of a one-hot row, or a class index, as Keras reads them for class weights.
std::vector<int> classes(const Tensor& targets) {
  const Shape& shape = targets.shape();
  const std::int64_t width = shape.rank() > 1 ? shape.back() : 1;
  if (shape.rank() < 1 || targets.count() != shape[0] * width) {
    fail(ErrorKind::input, "class weights go with one class per sample, not with targets of shape {}",
         to_string(shape));
  }
  std::vector<int> all;
  for (std::int64_t i = 0; i < shape[0]; ++i) {
    const float* const row = targets.data() + i * width;
    const auto index = std::max_element(row, row + width) - row;
    all.push_back(static_cast<int>(width == 1 ? std::lround(*row) : index));
  }
  return all;
}

void split_rows(std::span<const Tensor> tensors, std::int64_t at, std::vector<Tensor>& first,
                std::vector<Tensor>& last) {
  for (const Tensor& tensor : tensors) {
    first.push_back(tensor.rows(0, at));
    last.push_back(tensor.rows(at, tensor.shape()[0]));
  }
}

}  // namespace

std::vector<Shape> sample_shapes(std::span<const Tensor> tensors) {
  std::vector<Shape> shapes;
  for (const Tensor& tensor : tensors) shapes.push_back(tensor.shape().slice(1, tensor.shape().rank()));
  return shapes;
}

BatchShapes Samples::shapes(std::int64_t batch) const {
  return {.batch = batch, .samples = sample_shapes(x), .targets = sample_shapes(y), .sample_weights = !weights.empty()};
}

void Samples::gather(std::span<const std::int64_t> rows, const BatchMemory& memory) const {
  gather_rows(x, rows, memory.x);
  gather_rows(y, rows, memory.y);
  gather_rows(weights, rows, memory.weights);
}

void require_inputs(const Model& model, std::span<const Tensor> x) {
  const std::vector<Shape> expected = input_shapes(model);
  if (x.size() != expected.size()) {
    fail(ErrorKind::input, "the model takes {} inputs, the data has {}", expected.size(), x.size());
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i].empty() || x[i].shape().rank() < 1) fail(ErrorKind::input, "the data has no samples");
    const Shape sample = x[i].shape().slice(1, x[i].shape().rank());
    if (!fits(sample, expected[i])) {
      fail(ErrorKind::input, "the model takes samples of shape {}, the data has {}", open_shape_text(expected[i]),
           to_string(sample));
    }
    if (x[i].shape()[0] != x[0].shape()[0]) {
      fail(ErrorKind::input, "one input has {} samples, another {}", x[0].shape()[0], x[i].shape()[0]);
    }
  }
}

void require_samples(const Model& model, const Samples& samples) {
  require_inputs(model, samples.x);
  if (samples.y.size() != model.outputs.size()) {
    fail(ErrorKind::input, "the model has {} outputs, but there are {} targets", model.outputs.size(),
         samples.y.size());
  }
  for (const Tensor& target : samples.y) {
    if (!target.empty() && target.shape()[0] == samples.count()) continue;
    fail(ErrorKind::input, "{} inputs but {} targets", samples.count(), target.empty() ? 0 : target.shape()[0]);
  }
  if (samples.weights.empty()) return;
  if (samples.weights.size() != samples.y.size()) {
    fail(ErrorKind::input, "there are sample weights for {} outputs, the model has {}", samples.weights.size(),
         samples.y.size());
  }
  for (const Tensor& weight : samples.weights) {
    if (weight.shape() == Shape{samples.count()}) continue;
    fail(ErrorKind::input, "sample weights must have the shape {}, not {}", to_string(Shape{samples.count()}),
         to_string(weight.shape()));
  }
}

std::pair<OwnedSamples, OwnedSamples> split_samples(const Samples& samples, double fraction) {
  const std::int64_t at = validation_begin(samples.count(), fraction);
  std::pair<OwnedSamples, OwnedSamples> parts;
  split_rows(samples.x, at, parts.first.x, parts.second.x);
  split_rows(samples.y, at, parts.first.y, parts.second.y);
  split_rows(samples.weights, at, parts.first.weights, parts.second.weights);
  return parts;
}

Tensor class_sample_weights(const Samples& samples, const std::map<int, double>& class_weight) {
  if (samples.y.size() != 1) fail(ErrorKind::usage, "class weights go with one output, not with {}", samples.y.size());
  if (!samples.weights.empty()) fail(ErrorKind::usage, "class weights and sample weights cannot both be given");
  Tensor weights(Shape{samples.count()}, 1.0f);
  const std::vector<int> all = classes(samples.y.front());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto found = class_weight.find(all[i]);
    if (found != class_weight.end()) weights[static_cast<std::int64_t>(i)] = static_cast<float>(found->second);
  }
  return weights;
}

std::map<int, double> balanced_class_weights(const Tensor& targets) {
  std::map<int, double> counts;
  const std::vector<int> all = classes(targets);
  for (const int one : all) ++counts[one];
  std::map<int, double> weights;
  const auto samples = static_cast<double>(all.size());
  for (const auto& [one, count] : counts) weights[one] = samples / (static_cast<double>(counts.size()) * count);
  return weights;
}

std::vector<std::int64_t> counted(std::int64_t count) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return rows;
}

}  // namespace evenflow
