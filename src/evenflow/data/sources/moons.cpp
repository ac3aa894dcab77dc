// Two half circles that reach into each other: the upper one is class 0, the lower one class 1.
#include <cmath>
#include <numbers>

#include "evenflow/data/generated.h"

namespace evenflow::sources {
namespace {

Dataset generate(DataSpec& spec) {
  const GeneratedSize size = generated_size(spec, kPlane);
  const double noise = spec.number("noise", 0.1, 0.0);
  return plane_points(size, 2, noise, "moons", [](std::int64_t label, Random& random) {
    const double angle = random.uniform(0.0, std::numbers::pi);
    const Point upper{std::cos(angle), std::sin(angle)};
    return label == 0 ? upper : Point{1.0 - upper.x, 0.5 - upper.y};
  });
}

}  // namespace

extern const Source moons;
constinit const Source moons{.id = "moons",
                             .usage = "moons:samples=1000,noise=0.1,seed=0",
                             .summary = "two interleaved half circles in a plane, 2 classes",
                             .generate = generate};

}  // namespace evenflow::sources
