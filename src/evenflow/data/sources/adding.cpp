// The adding problem: S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997), task 4,
// with the numbers and marks of Q. V. Le, N. Jaitly and G. E. Hinton, "A simple way to initialize recurrent networks of
// rectified linear units" (2015): values of U(0, 1) in channel 0; channel 1 marks two of them, one in each half, whose
// sum is the target. Whoever remembers nothing can only say 1, their mean: a squared error of 2/12.
#include "evenflow/data/generated.h"

namespace evenflow::sources {
namespace {

Dataset generate(DataSpec& spec) {
  const std::int64_t steps = steps_option(spec, "T", 100, 2);
  const std::int64_t samples = sample_count(spec, 2 * steps, 20'000);
  Random random(seed_of(spec), stream_of("adding"));
  Dataset data{.x = Tensor({samples, steps, 2}), .y = Tensor({samples})};
  const auto half = static_cast<std::uint64_t>(steps / 2);
  for (std::int64_t i = 0; i < samples; ++i) {
    float* x = data.x.data() + i * steps * 2;
    for (std::int64_t t = 0; t < steps; ++t) x[2 * t] = static_cast<float>(random.uniform());
    const auto first = static_cast<std::int64_t>(random.below(half));
    const auto second = static_cast<std::int64_t>(half + random.below(static_cast<std::uint64_t>(steps) - half));
    x[2 * first + 1] = x[2 * second + 1] = 1.0f;
    data.y[i] = x[2 * first] + x[2 * second];
  }
  return data;
}

}  // namespace

extern const Source adding;
constinit const Source adding{
    .id = "adding",
    .usage = "adding:T=100,samples=20000,seed=0",
    .summary =
        "sequences of T numbers and marks; the target is the sum of the two marked numbers, one in each half: "
        "(T, 2) to 1. Saying always 1 has a mean squared error of 0.167",
    .generate = generate};

}  // namespace evenflow::sources
