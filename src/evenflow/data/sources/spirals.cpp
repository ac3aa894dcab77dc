// Arms that wind out from the origin to radius 1, one class each.
#include <cmath>
#include <numbers>

#include "evenflow/data/generated.h"

namespace evenflow::sources {
namespace {

Dataset generate(DataSpec& spec) {
  const GeneratedSize size = generated_size(spec, kPlane);
  const std::int64_t classes = spec.integer("classes", 2, 1);
  const double turns = spec.number("turns", 1.5, 0.0);
  const double noise = spec.number("noise", 0.03, 0.0);
  return plane_points(size, classes, noise, "spirals", [=](std::int64_t label, Random& random) {
    const double radius = random.uniform();
    const double start = static_cast<double>(label) / static_cast<double>(classes);
    const double angle = 2.0 * std::numbers::pi * (start + turns * radius);
    return Point{radius * std::cos(angle), radius * std::sin(angle)};
  });
}

}  // namespace

extern const Source spirals;
constinit const Source spirals{.id = "spirals",
                               .usage = "spirals:samples=1000,classes=2,turns=1.5,noise=0.03,seed=0",
                               .summary = "winding arms in a plane, one class each",
                               .generate = generate};

}  // namespace evenflow::sources
