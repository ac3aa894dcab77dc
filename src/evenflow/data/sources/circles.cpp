// Two rings around the origin: the outer one of radius 1 is class 0, the inner one of radius `factor` class 1.
#include <cmath>
#include <numbers>

#include "evenflow/base/text.h"
#include "evenflow/data/generated.h"

namespace evenflow::sources {
namespace {

Dataset generate(DataSpec& spec) {
  const GeneratedSize size = generated_size(spec, kPlane);
  const double noise = spec.number("noise", 0.1, 0.0);
  const double factor = spec.number("factor", 0.5, 0.0);
  if (factor >= 1.0) fail(ErrorKind::usage, "data circles: factor is {}; the inner ring needs less than 1", factor);
  return plane_points(size, 2, noise, "circles", [factor](std::int64_t label, Random& random) {
    const double angle = random.uniform(0.0, 2.0 * std::numbers::pi);
    const double radius = label == 0 ? 1.0 : factor;
    return Point{radius * std::cos(angle), radius * std::sin(angle)};
  });
}

}  // namespace

extern const Source circles;
constinit const Source circles{.id = "circles",
                               .usage = "circles:samples=1000,noise=0.1,factor=0.5,seed=0",
                               .summary = "two rings in a plane, 2 classes",
                               .generate = generate};

}  // namespace evenflow::sources
