// The copying memory problem: S. Hochreiter and J. Schmidhuber (1997), as M. Arjovsky, A. Shah and Y. Bengio state it
// in "Unitary evolution recurrent neural networks" (2016), section 4.1: ten symbols out of eight, T - 1 blanks, a
// delimiter and ten blanks; the answer is T + 10 blanks and then the ten symbols. Whoever remembers nothing says blank
// and guesses at the end: a cross-entropy of 10 ln 8 / (T + 20).
#include "evenflow/data/generated.h"

namespace evenflow::sources {
namespace {

constexpr std::int64_t kLength = 10;
constexpr std::uint64_t kSymbols = 8;
constexpr float kBlank = 8;
constexpr float kDelimiter = 9;

Dataset generate(DataSpec& spec) {
  const std::int64_t blanks = steps_option(spec, "T", 100);
  const std::int64_t steps = blanks + 2 * kLength;
  const std::int64_t samples = sample_count(spec, steps, 10'000);
  Random random(seed_of(spec), stream_of("copy"));
  Dataset data{.x = Tensor({samples, steps}, kBlank),
               .y = Tensor({samples, steps}, kBlank),
               .vocabulary = {"0", "1", "2", "3", "4", "5", "6", "7", "blank", "delimiter"}};
  for (std::int64_t i = 0; i < samples; ++i) {
    float* x = data.x.data() + i * steps;
    float* y = data.y.data() + i * steps;
    for (std::int64_t s = 0; s < kLength; ++s) {
      x[s] = y[blanks + kLength + s] = static_cast<float>(random.below(kSymbols));
    }
    x[kLength + blanks - 1] = kDelimiter;
  }
  return data;
}

}  // namespace

extern const Source copy;
constinit const Source copy{
    .id = "copy",
    .usage = "copy:T=100,samples=10000,seed=0",
    .summary =
        "remember 10 symbols for T steps: T + 20 tokens of 0..9 (8 blank, 9 delimiter; one-hot for a model that "
        "takes (T + 20, 10)) to as many class numbers. Saying blanks and guessing has a cross-entropy of "
        "20.79 / (T + 20)",
    .generate = generate};

}  // namespace evenflow::sources
