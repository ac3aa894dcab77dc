// Fits a data set to a model's input, output and loss.
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/data/source.h"
#include "evenflow/model/loss_function.h"

namespace evenflow {
namespace {

using Notes = std::vector<std::string>*;

void note(Notes notes, std::string text) {
  if (notes != nullptr) notes->push_back(std::move(text));
}

Shape sample_shape(const Tensor& tensor) {
  return tensor.shape().slice(1, tensor.shape().rank());
}

Shape with_samples(const Tensor& tensor, const Shape& sample) {
  return concatenate(Shape{tensor.shape()[0]}, sample);
}

Shape without_ones(const Shape& shape) {
  std::vector<std::int64_t> dims;
  std::copy_if(shape.dims().begin(), shape.dims().end(), std::back_inserter(dims),
               [](auto extent) { return extent != 1; });
  return Shape(dims);
}

// ---- Inputs ----------------------------------------------------------------------------------------------------

// (samples, channels, height, width) -> (samples, height, width, channels).
Tensor channels_last(const Tensor& x) {
  const Shape& shape = x.shape();
  const std::int64_t channels = shape[1];
  const std::int64_t pixels = shape[2] * shape[3];
  Tensor result({shape[0], shape[2], shape[3], channels});
  float* to = result.data();
  for (std::int64_t sample = 0; sample < shape[0]; ++sample) {
    const float* from = x.data() + sample * channels * pixels;
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
      for (std::int64_t channel = 0; channel < channels; ++channel) *to++ = from[channel * pixels + pixel];
    }
  }
  return result;
}

[[noreturn]] void refuse_inputs(const Dataset& data, const Shape& has, const Shape& wants) {
  const std::string_view name = std::string_view(data.name).substr(0, data.name.find(':'));
  const bool generated = std::any_of(all_sources().begin(), all_sources().end(),
                                     [&](const Source* source) { return source->generated() && source->id == name; });
  std::string hint;
  if (generated && has.rank() == 1 && name != "blobs")
    hint = fmt::format("; gaussian:features={} would fit", wants.count());
  if (name == "blobs") hint = fmt::format("; blobs:features={} would fit", wants.count());
  fail(ErrorKind::input, "the model takes inputs of shape {}, the samples of data {} have shape {}{}", to_string(wants),
       data.name, to_string(has), hint);
}

bool is_whole(float value) {
  return value == std::floor(value);
}

Tensor one_hot(const Tensor& numbers, std::int64_t classes) {
  Tensor result({numbers.count(), classes});
  for (std::int64_t i = 0; i < numbers.count(); ++i) result[i * classes + static_cast<std::int64_t>(numbers[i])] = 1.0f;
  return result;
}

// An Embedding looks ids up: each must be a row of its table.
void check_ids(const Tensor& x, const Dataset& data, const Model& model) {
  const std::string input = input_names(model).front();
  const Model flat = flattened(model);
  for (const Layer& layer : flat.layers) {
    if (layer.type != "Embedding" || layer.inputs.size() != 1 || layer.inputs.front().layer != input) continue;
    const std::int64_t rows = layer.config.at("input_dim").get<std::int64_t>();
    const auto words = static_cast<std::int64_t>(data.vocabulary.size());
    if (words > rows) {
      fail(ErrorKind::input,
           "layer {}: input_dim is {}, but data {} has a vocabulary of {} (padding and unknown words included); "
           "input_dim must be at least {}",
           layer.name, rows, data.name, words, words);
    }
    const std::int64_t per_sample = x.count() / x.shape()[0];
    for (std::int64_t i = 0; i < x.count(); ++i) {
      if (is_whole(x[i]) && x[i] >= 0.0f && x[i] < static_cast<float>(rows)) continue;
      fail(ErrorKind::input, "data {}: row {} (counted from 0) has {:g}, but layer {} takes whole numbers from 0 to {}",
           data.name, i / per_sample, x[i], layer.name, rows - 1);
    }
  }
}

// The same sequences with more zeros at the end, or fewer of their tokens.
Tensor fit_length(const Tensor& x, std::int64_t length, Notes notes) {
  const std::int64_t has = x.shape()[1];
  const Shape rest = x.shape().slice(2, x.shape().rank());
  const std::int64_t step = rest.count();
  Tensor result(concatenate(Shape{x.shape()[0], length}, rest));
  for (std::int64_t i = 0; i < x.shape()[0]; ++i) {
    std::copy_n(x.data() + i * has * step, std::min(has, length) * step, result.data() + i * length * step);
  }
  note(notes, fmt::format("sequences {} from {} to {} steps", has < length ? "filled up with 0" : "cut", has, length));
  return result;
}

Tensor fit_inputs(Tensor x, const Dataset& data, const Shape& wants, Notes notes) {
  const Shape has = sample_shape(x);
  if (has == wants) return x;
  const bool same_steps =
      has.rank() > 0 && wants.rank() == has.rank() && has.slice(1, has.rank()) == wants.slice(1, wants.rank());
  if (data.padded && same_steps) return fit_length(x, wants[0], notes);
  const auto tokens = static_cast<std::int64_t>(data.vocabulary.size());
  if (tokens > 0 && wants.rank() == has.rank() + 1 && has == wants.slice(0, has.rank()) && wants.back() >= tokens) {
    note(notes, fmt::format("{} tokens one-hot encoded", tokens));
    return one_hot(x, wants.back()).reshaped(with_samples(x, wants));
  }
  const bool moved_channels =
      has.rank() == 3 && wants.rank() == 3 && has[0] == wants[2] && has[1] == wants[0] && has[2] == wants[1];
  if (moved_channels && has[0] > 1) {
    note(notes,
         fmt::format("inputs turned from channels first, {}, to channels last, {}", to_string(has), to_string(wants)));
    return channels_last(x);
  }
  // Flat to shaped and back, and axes of 1; any other regrouping would scramble the picture.
  const bool same_numbers = has.rank() <= 1 || wants.rank() <= 1 || without_ones(has) == without_ones(wants);
  if (has.count() != wants.count() || !same_numbers) refuse_inputs(data, has, wants);
  note(notes, fmt::format("inputs reshaped from {} to {}", to_string(has), to_string(wants)));
  return x.reshaped(with_samples(x, wants));
}

// ---- Targets ---------------------------------------------------------------------------------------------------

struct Output {
  Shape shape;  // of one sample
  std::string loss;
  bool class_index;  // the loss wants class numbers
  bool binary;       // one unit whose target is 0 or 1
  std::int64_t units() const { return shape.rank() == 0 ? 1 : shape.back(); }
};

std::string units_text(const Output& output) {
  return fmt::format("{} output{}", output.units(), output.units() == 1 ? "" : "s");
}

// Every target must be a class number that the output has a unit for.
void check_labels(const Tensor& y, std::int64_t classes, const Output& output, std::string_view what) {
  const std::int64_t per_sample = std::max<std::int64_t>(1, y.count() / y.shape()[0]);
  for (std::int64_t i = 0; i < y.count(); ++i) {
    if (is_whole(y[i]) && y[i] >= 0.0f && y[i] < static_cast<float>(classes)) continue;
    fail(ErrorKind::input, "{}: row {} (counted from 0) has label {:g}, but the model has {} and {} wants {}", what,
         i / per_sample, y[i], units_text(output), output.loss,
         classes == 1 ? std::string("label 0 only") : fmt::format("labels 0 to {}", classes - 1));
  }
}

// A single sigmoid unit: class numbers 0 and 1, or probabilities between them.
void check_binary(const Tensor& y, const Output& output, std::string_view what) {
  const bool outside =
      std::any_of(y.values().begin(), y.values().end(), [](float v) { return !(v >= 0.0f && v <= 1.0f); });
  if (outside) check_labels(y, 2, output, what);
}

bool is_one_hot(const Tensor& y) {
  const std::int64_t width = y.shape().back();
  for (std::int64_t i = 0; i < y.count(); i += width) {
    const float* row = y.data() + i;
    if (std::count(row, row + width, 1.0f) != 1 || std::count(row, row + width, 0.0f) != width - 1) return false;
  }
  return true;
}

Tensor class_numbers(const Tensor& y) {
  const std::int64_t width = y.shape().back();
  Tensor result({y.shape()[0]});
  for (std::int64_t i = 0; i < result.count(); ++i) {
    const float* row = y.data() + i * width;
    result[i] = static_cast<float>(std::find(row, row + width, 1.0f) - row);
  }
  return result;
}

[[noreturn]] void refuse_targets(const Tensor& y, const Output& output, std::string_view what) {
  const Shape wants = output.class_index ? output.shape.slice(0, output.shape.rank() - 1) : output.shape;
  fail(ErrorKind::input, "{}: targets of shape {} do not fit the model's output {} with {}, which wants {}{}", what,
       to_string(sample_shape(y)), to_string(output.shape), output.loss, to_string(wants),
       output.class_index ? " class numbers" : " or class numbers");
}

Tensor reshape(Tensor y, const Shape& sample, Notes notes) {
  if (sample_shape(y) == sample) return y;
  // That a number becomes a vector of one is not worth a word.
  if (without_ones(sample_shape(y)) != without_ones(sample)) {
    note(notes, fmt::format("targets reshaped from {} to {}", to_string(sample_shape(y)), to_string(sample)));
  }
  return y.reshaped(with_samples(y, sample));
}

// One whole number per sample.
Tensor fit_labels(Tensor y, const Output& output, std::string_view what, Notes notes) {
  const Shape has = sample_shape(y);
  const Shape wants = output.shape.slice(0, output.shape.rank() - 1);
  if (has == output.shape && wants.rank() == 0 && has.back() > 1 && is_one_hot(y)) {
    note(notes, fmt::format("one-hot targets turned into class numbers: {} classes", has.back()));
    return class_numbers(y);
  }
  if (has != wants && has != concatenate(wants, Shape{1})) refuse_targets(y, output, what);
  check_labels(y, output.units(), output, what);
  return reshape(std::move(y), wants, notes);
}

Tensor fit_values(Tensor y, const Output& output, std::string_view what, Notes notes) {
  const Shape has = sample_shape(y);
  if (output.shape.count() == 1 && output.binary && has == Shape{2} && is_one_hot(y)) {
    note(notes, "one-hot targets turned into class numbers: 2 classes");
    y = class_numbers(y);
  } else if (has.count() == 1 && output.shape.rank() == 1 && output.units() > 1) {
    if (!std::all_of(y.values().begin(), y.values().end(), is_whole)) refuse_targets(y, output, what);
    check_labels(y, output.units(), output, what);
    note(notes, fmt::format("labels one-hot encoded: {} classes", output.units()));
    return one_hot(y, output.units());
  } else if (has.count() != output.shape.count()) {
    refuse_targets(y, output, what);
  }
  if (output.binary) check_binary(y, output, what);
  return reshape(std::move(y), output.shape, notes);
}

Tensor fit_targets(Tensor y, const Tensor& x, const Output& output, std::string_view what, Notes notes) {
  if (y.empty()) return y;
  if (x.empty() || x.shape()[0] != y.shape()[0]) {
    fail(ErrorKind::input, "{}: {} inputs but {} targets", what, x.empty() ? 0 : x.shape()[0], y.shape()[0]);
  }
  return output.class_index ? fit_labels(std::move(y), output, what, notes)
                            : fit_values(std::move(y), output, what, notes);
}

// What the model takes, with the data's extents where it takes any.
Shape wanted_inputs(const Model& model, const Tensor& x) {
  const Shape shape = input_shape(model);
  const Shape has = sample_shape(x);
  std::vector<std::int64_t> dims(shape.dims().begin(), shape.dims().end());
  for (int axis = 0; axis < std::min(shape.rank(), has.rank()); ++axis) {
    if (shape[axis] == 0) dims[static_cast<std::size_t>(axis)] = has[axis];
  }
  return Shape(dims);
}

Output output_of(const Model& model, const Shape& sample) {
  const Item& loss = model.compile->loss;
  const LossFunction& function = *loss_choice(loss).function;
  const Shape shape = output_shapes(model, {&sample, 1}).front();
  return {.shape = shape,
          .loss = loss.type,
          .class_index = function.target == LossFunction::Target::class_index && shape.rank() > 0,
          .binary = function.fuses_with == "sigmoid" && shape.count() == 1};
}

}  // namespace

Dataset fit_to_model(Dataset data, const Model& model, std::vector<std::string>* notes) {
  const Shape wants = wanted_inputs(model, data.x);
  data.x = fit_inputs(std::move(data.x), data, wants, notes);
  check_ids(data.x, data, model);
  if (!data.x_test.empty()) {
    data.x_test = fit_inputs(std::move(data.x_test), data, wants, nullptr);
    check_ids(data.x_test, data, model);
  }
  // Without a loss nothing tells what the targets should look like.
  if (!model.compile || model.compile->loss.type.empty()) return data;
  const Output output = output_of(model, wants);
  data.y = fit_targets(std::move(data.y), data.x, output, data.name, notes);
  data.y_test = fit_targets(std::move(data.y_test), data.x_test, output, data.name + " (test part)", nullptr);
  return data;
}

}  // namespace evenflow
