#include "evenflow/data/generated.h"

#include "evenflow/base/text.h"

namespace evenflow {

GeneratedSize generated_size(DataSpec& spec, std::int64_t default_features) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 30;
  const std::int64_t samples = spec.integer("samples", 1000, 1);
  const std::int64_t features = default_features == kPlane ? 2 : spec.integer("features", default_features, 1);
  const std::int64_t seed = spec.integer("seed", 0, 0);
  if (samples > kLimit / features) {
    fail(ErrorKind::usage, "data {}: {} samples of {} numbers are more than 4 GiB", spec.head, samples, features);
  }
  return {samples, features, static_cast<std::uint64_t>(seed)};
}

}  // namespace evenflow
