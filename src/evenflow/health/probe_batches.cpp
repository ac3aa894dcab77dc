#include "evenflow/health/probe_batches.h"

#include <algorithm>
#include <cstring>

#include "evenflow/base/random.h"
#include "evenflow/base/text.h"

namespace evenflow {
namespace {

Shape sample_shape(const Tensor& tensor) {
  return tensor.shape().slice(1, tensor.shape().rank());
}

void fill_normal(std::span<float> values, Random random, double scale) {
  for (float& value : values) value = static_cast<float>(scale * random.normal());
}

void fill_tokens(std::span<float> values, Random random, std::int64_t tokens) {
  const auto drawn = static_cast<std::uint64_t>(std::max<std::int64_t>(1, tokens - 1));
  for (float& value : values) value = static_cast<float>(std::min<std::uint64_t>(1 + random.below(drawn), tokens - 1));
}

// Tokens that an Embedding takes from the model's first input.
std::int64_t tokens_of(const Model& model) {
  const std::string input = input_names(model).front();
  for (const Layer& layer : model.layers) {
    if (layer.type == "Embedding" && !layer.inputs.empty() && layer.inputs.front().layer == input) {
      return layer.config.value("input_dim", std::int64_t{0});
    }
  }
  return 0;
}

}  // namespace

Batches::Batches(const Model& model, const ProbeOptions& options)
    : options_(options), data_(options.data), size_(options.batch_size), count_(options.batches) {
  if (options.batch_size < 1) fail(ErrorKind::usage, "the batch size must be at least 1, not {}", options.batch_size);
  if (options.batches < 1) fail(ErrorKind::usage, "the number of batches must be at least 1, not {}", options.batches);
  if (options.redraws < 0)
    fail(ErrorKind::usage, "the number of redraws must not be negative, as {} is", options.redraws);
  if (data_ == nullptr) {
    tokens_ = tokens_of(model);
    return;
  }
  if (data_->samples() == 0) fail(ErrorKind::usage, "data '{}' has no samples", data_->name);
  if (sample_shape(data_->x) != input_shape(model)) {
    fail(ErrorKind::input, "data '{}' has samples of shape {}, the model takes {}", data_->name,
         to_string(sample_shape(data_->x)), to_string(input_shape(model)));
  }
  size_ = std::min(size_, data_->samples());
  count_ = std::min(count_, data_->samples() / size_);
  order_ = Random(options.seed, stream_of("probe/order")).permutation(data_->samples());
  with_targets_ = !data_->y.empty() && model.compile && !model.compile->loss.type.empty();
}

std::string Batches::source() const {
  return data_ != nullptr ? data_->name : tokens_ > 0 ? "random tokens" : "standard normal inputs";
}

std::optional<Shape> Batches::target() const {
  return with_targets_ ? std::optional(sample_shape(data_->y)) : std::nullopt;
}

std::uint64_t Batches::seed(std::int64_t batch, std::uint64_t draw) const {
  return mix(options_.seed + draw, static_cast<std::uint64_t>(batch));
}

void Batches::fill_inputs(std::span<float> x, std::int64_t batch, std::uint64_t draw) const {
  if (data_ != nullptr) {
    gather(data_->x, batch, x);
  } else if (tokens_ > 0) {
    fill_tokens(x, Random(seed(batch, draw), stream_of("probe/x")), tokens_);
  } else {
    fill_normal(x, Random(seed(batch, draw), stream_of("probe/x")), 1.0);
  }
}

void Batches::fill_targets(std::span<float> y, std::int64_t batch) const {
  gather(data_->y, batch, y);
}

void Batches::fill_cotangent(std::span<float> y, std::int64_t batch, std::uint64_t draw) const {
  fill_normal(y, Random(seed(batch, draw), stream_of("probe/cotangent")), 1.0 / static_cast<double>(size_));
}

void Batches::gather(const Tensor& from, std::int64_t batch, std::span<float> to) const {
  const auto width = static_cast<std::size_t>(sample_shape(from).count());
  for (std::int64_t row = 0; row < size_; ++row) {
    const auto source = static_cast<std::size_t>(order_[static_cast<std::size_t>(batch * size_ + row)]);
    std::memcpy(to.data() + static_cast<std::size_t>(row) * width, from.data() + source * width, width * sizeof(float));
  }
}

}  // namespace evenflow
