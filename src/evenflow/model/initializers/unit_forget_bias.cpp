#include "evenflow/model/initializer_type.h"

namespace evenflow::initializers {
namespace {

// Which of `width` numbers in the order i, f, c, o belong to the forget gate?
bool of_forget_gate(std::int64_t i, std::int64_t width) {
  return i >= width / 4 && i < width / 2;
}

Item inner(const Json& config) {
  return choose_initializer(config.value("bias_initializer", Json("zeros")));
}

// An LSTM's bias with ones for the forget gate, so that a fresh cell keeps what it has (Jozefowicz et al. 2015). It is
// what Keras's unit_forget_bias stands for.
Tensor make(const Shape& shape, const Json& config, Random& random) {
  const Item item = inner(config);
  Tensor bias = initializer_type(item.type).make(shape, item.config, random);
  const std::int64_t width = shape.rank() == 0 ? 1 : shape.back();
  for (std::int64_t i = 0; i < bias.count(); ++i) {
    if (of_forget_gate(i % width, width)) bias[i] = 1.0f;
  }
  return bias;
}

double variance(const Shape& shape, const Json& config) {
  const Item item = inner(config);
  return initializer_type(item.type).variance(shape, item.config);
}

}  // namespace

extern const InitializerType unit_forget_bias;
constinit const InitializerType unit_forget_bias{.id = "UnitForgetBias",
                                                 .alias = "unit_forget_bias",
                                                 .defaults = R"({"bias_initializer": "zeros"})",
                                                 .make = make,
                                                 .variance = variance};

}  // namespace evenflow::initializers
