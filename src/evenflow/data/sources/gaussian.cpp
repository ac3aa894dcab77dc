// Independent standard normal inputs, for looking at a network's signal without data of its own. Labels, when classes
// are asked for, have nothing to do with the inputs.
#include "evenflow/data/generated.h"

namespace evenflow::sources {
namespace {

Dataset generate(DataSpec& spec) {
  const GeneratedSize size = generated_size(spec, 64);
  const std::int64_t classes = spec.integer("classes", 0, 0);
  Dataset data{.x = Tensor({size.samples, size.features})};
  Random random(size.seed, stream_of("gaussian"));
  for (float& value : data.x.values()) value = static_cast<float>(random.normal());
  if (classes == 0) return data;
  data.classes = classes;
  data.y = Tensor({size.samples});
  Random labels(size.seed, stream_of("gaussian/labels"));
  for (float& label : data.y.values()) label = static_cast<float>(labels.below(static_cast<std::uint64_t>(classes)));
  return data;
}

}  // namespace

extern const Source gaussian;
constinit const Source gaussian{
    .id = "gaussian",
    .usage = "gaussian:samples=1000,features=64,classes=0,seed=0",
    .summary = "standard normal inputs, random labels if classes are given: for probing only",
    .generate = generate};

}  // namespace evenflow::sources
