#include "evenflow/base/text.h"
#include "evenflow/model/initializer_type.h"

namespace evenflow::initializers {
namespace {

// An LSTM's bias (i, f, c, o): ones for the forget gate, so that a fresh cell keeps what it has (Jozefowicz et al.
// 2015). It is what Keras's unit_forget_bias stands for, and in no file.
Tensor make(const Shape& shape, const Json& config, Random& random) {
  if (shape.rank() != 1 || shape[0] % 4 != 0) {
    fail(ErrorKind::shape, "an LSTM's bias has a multiple of 4 numbers, not {}", to_string(shape));
  }
  const Item inner = choose_initializer(config.value("bias_initializer", Json("zeros")));
  Tensor bias = initializer_type(inner.type).make(shape, inner.config, random);
  const std::int64_t units = shape[0] / 4;
  for (std::int64_t i = units; i < 2 * units; ++i) bias[i] = 1.0f;
  return bias;
}

double variance(const Shape&, const Json&) {
  return 0;
}

}  // namespace

extern const InitializerType unit_forget_bias;
constinit const InitializerType unit_forget_bias{.id = "UnitForgetBias",
                                                 .alias = "unit_forget_bias",
                                                 .defaults = R"({"bias_initializer": "zeros"})",
                                                 .make = make,
                                                 .variance = variance};

}  // namespace evenflow::initializers
