// Normal clouds around random centers in the cube [-10, 10], one class each.
#include "evenflow/data/generated.h"

namespace evenflow::sources {
namespace {

Dataset generate(DataSpec& spec) {
  const GeneratedSize size = generated_size(spec, 2);
  const std::int64_t classes = spec.integer("centers", 3, 1);
  const double deviation = spec.number("deviation", 1.0, 0.0);
  // Center c is its own stream, so a set with more centers keeps the first ones and none needs to be stored.
  const auto center = [&](std::int64_t c) {
    return Random(mix(size.seed, stream_of("blobs/centers")), static_cast<std::uint64_t>(c));
  };
  Dataset data{.x = Tensor({size.samples, size.features}), .y = Tensor({size.samples}), .classes = classes};
  Random random(size.seed, stream_of("blobs"));
  for (std::int64_t i = 0; i < size.samples; ++i) {
    Random coordinates = center(i % classes);
    for (std::int64_t j = 0; j < size.features; ++j) {
      const double middle = coordinates.uniform(-10.0, 10.0);
      data.x[i * size.features + j] = static_cast<float>(middle + deviation * random.normal());
    }
    data.y[i] = static_cast<float>(i % classes);
  }
  return data;
}

}  // namespace

extern const Source blobs;
constinit const Source blobs{.id = "blobs",
                             .usage = "blobs:samples=1000,centers=3,features=2,deviation=1,seed=0",
                             .summary = "normal clouds around random centers, one class each",
                             .generate = generate};

}  // namespace evenflow::sources
